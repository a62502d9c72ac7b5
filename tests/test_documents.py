"""What the documents say holds: pins agree, keys are described, files and links exist."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from workflow.lib.config import read_schema

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted(
    path for pattern in ("*.md", "config/*.md", "docs/*.md") for path in ROOT.glob(pattern)
)


def pins(path: str) -> dict:
    """name -> version of a lock file's `name==version` lines, whatever hashes follow them."""
    lines = (ROOT / path).read_text(encoding="utf-8").split("\n")
    found = (re.fullmatch(r"([A-Za-z0-9_.-]+)==([^\s;]+).*", line) for line in lines)
    return {canonical(match[1]): match[2] for match in found if match}


def canonical(name: str) -> str:
    """A package's name as PyPI compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


LOCK = pins("requirements.lock")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# What the workflow needs besides the library's own dependencies.
OF_THE_WORKFLOW = {"snakemake", "psutil", "pygments"}


def lower_bounds() -> dict:
    """name -> the oldest version that pyproject.toml takes."""
    found = (re.fullmatch(r"([\w.-]+)(?:\[.*\])?>=(\S+)", line) for line in PROJECT["dependencies"])
    return {canonical(match[1]): match[2] for match in found}


def test_every_locked_package_is_pinned():
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").split("\n")
    assert len(LOCK) == sum(1 for line in lines if line and not line.startswith("#"))
    assert "torch" in LOCK


def test_the_hashed_lock_is_the_lock_but_for_what_differs_by_platform():
    hashed = pins("requirements-hashed.lock")
    assert hashed == {k: v for k, v in LOCK.items() if k not in ("torch", "torchvision")}


@pytest.mark.parametrize("path", ["hashed", "dev", "slurm"])
def test_every_hashed_package_has_its_hashes(path):
    text = (ROOT / f"requirements-{path}.lock").read_text(encoding="utf-8")
    entries = re.split(r"\n(?=[A-Za-z])", text)[1:]
    assert len(entries) == len(pins(f"requirements-{path}.lock"))
    for entry in entries:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry


def test_the_conda_environment_is_the_lock(tmp_path):
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    nested = next(entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    (tmp_path / "nested").write_text("\n".join(nested))
    assert pins(str(tmp_path / "nested")) == LOCK


def test_the_library_takes_the_locks_versions_and_newer():
    assert lower_bounds() == {name: LOCK[name] for name in lower_bounds()}
    assert len(lower_bounds()) == len(PROJECT["dependencies"])


def test_the_library_names_every_package_it_imports():
    imports = set()
    for path in (ROOT / "scripts/flowcheck").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imports |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imports.add(node.module.split(".")[0])
    modules = {"sklearn": "scikit-learn", "markdown_it": "markdown-it-py", "PIL": "pillow",
               "vl_convert": "vl-convert-python"}  # fmt: skip
    foreign = imports - set(sys.stdlib_module_names) - {"flowcheck"}
    named = {canonical(modules.get(name, name)) for name in foreign}
    # xarray comes with an extra of arviz-stats; h5netcdf is named to xarray alone.
    assert named - {"xarray", "mpl-toolkits"} == set(lower_bounds()) - {"h5netcdf"}


def test_the_readme_explains_each_direct_dependency():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme[readme.index("| package | for |") :].split("\n\n")[0]
    cells = [line.split("|")[1] for line in table.split("\n")[2:]]
    named = [canonical(name.strip()) for cell in cells for name in cell.split(",")]
    assert sorted(named) == sorted(set(lower_bounds()) | OF_THE_WORKFLOW)


def described_keys(schema: dict) -> set:
    """Every key a config may hold, at any depth."""
    found = set()
    for part in (schema, *schema["$defs"].values()):
        for key, entry in part.get("properties", {}).items():
            found.add(key)
            found |= set(entry.get("properties", {}))
    return found


def test_the_config_readme_describes_every_key():
    text, keys = (ROOT / "config" / "README.md").read_text(), described_keys(read_schema())
    assert [key for key in sorted(keys) if f"`{key}`" not in text] == []


def test_links_lead_to_files():
    for document in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#\s]+)\)", document.read_text()):
            if not target.startswith(("http://", "https://")):
                assert (document.parent / target).exists(), f"{document.name} links to {target}"


# Paths of the repository in code spans or indented blocks; results/ is made by running.
PATH = re.compile(r"(?<![\w/.])((?:config|docs|scripts|tests|workflow|profiles)/[\w./-]*[\w/])")


def test_files_named_in_documents_exist():
    for document in DOCUMENTS:
        for name in PATH.findall(document.read_text()):
            assert (ROOT / name).exists(), f"{document.name} names {name}"

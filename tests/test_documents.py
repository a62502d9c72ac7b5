"""What the documents say holds: pins agree, keys are described, files and links exist."""

import re
from pathlib import Path

import pytest
import yaml

from workflow.lib.config import read_schema

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted(
    path for pattern in ("*.md", "config/*.md", "docs/*.md") for path in ROOT.glob(pattern)
)


def pins(lines) -> dict:
    """name -> version of `name==version` lines, extras left out."""
    found = (re.fullmatch(r"([A-Za-z0-9_.-]+)(?:\[[^]]*\])?==(\S+)", line) for line in lines)
    return {match[1].lower(): match[2] for match in found if match}


LOCK = pins((ROOT / "requirements.lock").read_text().split("\n"))


def direct_packages() -> list[str]:
    """The packages that the README's table explains."""
    readme = (ROOT / "README.md").read_text()
    table = readme[readme.index("| package | for |") :].split("\n\n")[0]
    cells = [line.split("|")[1] for line in table.split("\n")[2:]]
    return [name.strip().lower() for cell in cells for name in cell.split(",")]


def test_every_locked_package_is_pinned():
    lines = (ROOT / "requirements.lock").read_text().split("\n")
    assert len(LOCK) == sum(1 for line in lines if line and not line.startswith("#"))
    assert "torch" in LOCK


def test_the_conda_environment_agrees_with_the_lock():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    nested = next(entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    conda = pins(nested)
    assert len(conda) == len(nested), "every package of environment.yml needs an exact version"
    assert conda == {name: LOCK[name] for name in conda}


def test_the_readme_explains_each_direct_dependency():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    nested = next(entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    assert sorted(direct_packages()) == sorted(pins(nested))


def described_keys(schema: dict) -> set:
    """Every key a config may hold, at any depth."""
    found = set()
    for part in (schema, *schema["$defs"].values()):
        for key, entry in part.get("properties", {}).items():
            found.add(key)
            found |= set(entry.get("properties", {}))
    return found


@pytest.mark.parametrize("key", sorted(described_keys(read_schema())))
def test_the_config_readme_describes_every_key(key):
    assert f"`{key}`" in (ROOT / "config" / "README.md").read_text()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files(document):
    for target in re.findall(r"\]\(([^)#\s]+)\)", document.read_text()):
        if not target.startswith(("http://", "https://")):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


# Paths of the repository in code spans or indented blocks; results/ is made by running.
PATH = re.compile(r"(?<![\w/.])((?:config|docs|scripts|tests|workflow|profiles)/[\w./-]*[\w/])")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_files_named_in_documents_exist(document):
    for name in PATH.findall(document.read_text()):
        assert (ROOT / name).exists(), f"{document.name} names {name}"

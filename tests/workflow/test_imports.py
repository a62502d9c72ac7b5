"""The files each step depends on: found from its imports, all of them, and no others."""

import ast
from modulefinder import ModuleFinder

import pytest

from workflow.lib import imports
from workflow.lib.imports import LOCK, ROOT, SCRIPTS, sources

FLOWS = {"planar", "nice", "realnvp"}
STEPS = sorted(path.name for path in SCRIPTS.glob("*.py") if "from step import" in path.read_text())


def flow_file(name):
    return f"scripts/flowcheck/flows/{name}.py"


def test_steps_were_found():
    assert {"train_flow.py", "run_hmc.py", "prepare_data.py"} <= set(STEPS)


def test_every_module_python_finds_is_listed():
    for step in STEPS:
        # Python's own finder reads the compiled imports; it is given no folder but scripts/.
        finder = ModuleFinder(path=[str(SCRIPTS)])
        finder.run_script(str(SCRIPTS / step))
        files = {module.__file__ for module in finder.modules.values() if module.__file__}
        found = {str(SCRIPTS.joinpath(file).relative_to(ROOT)) for file in files}
        assert f"scripts/{step}" in found
        assert found <= set(sources(f"scripts/{step}")), step


def test_every_step_lists_the_lock_itself_and_what_it_begins_with():
    for step in STEPS:
        listed = sources(f"scripts/{step}")
        assert {LOCK, f"scripts/{step}", "scripts/step.py"} <= set(listed)
        assert all((ROOT / file).is_file() for file in listed)
        assert len(set(listed)) == len(listed)
        assert listed == sources(f"scripts/{step}")  # one order, whatever the run
        # No step depends on a flow that it was not told of.
        assert not {flow_file(flow) for flow in FLOWS} & set(listed), step


@pytest.mark.parametrize("flow", sorted(FLOWS))
@pytest.mark.parametrize("step", ["train_flow.py", "draw_flow.py", "measure_divergence.py"])
def test_a_flows_step_depends_on_that_flow_and_no_other(step, flow):
    listed = set(sources(f"scripts/{step}", f"flowcheck.flows.{flow}"))
    assert flow_file(flow) in listed
    assert not {flow_file(other) for other in FLOWS - {flow}} & listed
    assert ("scripts/flowcheck/flows/mlp.py" in listed) == (flow != "planar")
    assert "scripts/flowcheck/flows/base.py" in listed


def test_a_targets_step_depends_on_its_quadrature():
    listed = sources("scripts/run_hmc.py", "flowcheck.targets.banana")
    assert "scripts/flowcheck/targets/banana.py" in listed
    assert "scripts/flowcheck/quadrature.py" in listed
    assert "scripts/flowcheck/training.py" not in listed


def test_data_depend_on_no_sampler_and_no_flow():
    assert not any(
        part in file
        for file in sources("scripts/prepare_data.py")
        for part in ("flows", "targets/banana", "hmc", "training")
    )


@pytest.mark.parametrize("missing", ["flowcheck.flows.none", "flowcheck.none", "none"])
def test_module_without_a_file_is_an_error(missing):
    with pytest.raises(FileNotFoundError, match=missing):
        sources("scripts/train_flow.py", missing)


def test_no_import_is_of_a_kind_that_cannot_be_followed():
    nodes = [
        (path, node)
        for path in sorted(SCRIPTS.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    ]
    for path, node in nodes:
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"a relative import in {path}"
            # Snakemake puts code above a script's own, where this import may not stand.
            assert node.module != "__future__", path
        if isinstance(node, ast.Call) and "import_module" in ast.unparse(node.func):
            # By name: the rules' digests add these two packages' modules, and no others. What the
            # package itself finds by name is for users of the library: no step asks for it.
            of_users = path == SCRIPTS / "flowcheck" / "__init__.py"
            known = path.parent.name in ("flows", "targets") or of_users
            assert known, f"an import by name, in a new place: {path}"


def test_no_rule_imports_the_package_as_a_whole():
    for path in (ROOT / "Snakefile", *(ROOT / "workflow/rules").glob("*.smk")):
        assert "\nimport workflow" not in path.read_text()


def test_a_digest_changes_with_a_files_content_and_its_name(tmp_path):
    (tmp_path / "my_model.py").write_text("import helper\nclass Target: pass\n")
    (tmp_path / "helper.py").write_text("SCALE = 1\n")
    model = str(tmp_path / "my_model.py")

    def digest():
        imports._imports.cache_clear(), imports._digest.cache_clear(), imports.closure.cache_clear()
        return imports.fingerprint("scripts/run_hmc.py", own=model)

    first = digest()
    assert digest() == first
    assert first != imports.fingerprint("scripts/run_hmc.py")
    (tmp_path / "unused.py").write_text("")
    assert digest() == first
    (tmp_path / "helper.py").write_text("SCALE = 2\n")
    second = digest()
    assert second != first
    (tmp_path / "helper.py").write_text("SCALE = 1\n")
    assert digest() == first


@pytest.mark.parametrize(
    "block",
    [
        "def f():\n    {}",
        "class C:\n    def f(self):\n        {}",
        "try:\n    pass\nexcept ValueError:\n    {}",
        "try:\n    pass\nfinally:\n    {}",
        "if x:\n    pass\nelse:\n    {}",
        "for _ in x:\n    pass\nelse:\n    {}",
        "with x:\n    while x:\n        {}",
        "match x:\n    case 1:\n        {}",
    ],
)
def test_an_import_is_followed_wherever_it_stands(tmp_path, block):
    (tmp_path / "my_model.py").write_text(block.format("import helper") + "\n")
    (tmp_path / "helper.py").write_text("")
    assert {path.name for path in imports.own_files(str(tmp_path / "my_model.py"))} == {
        "my_model.py",
        "helper.py",
    }

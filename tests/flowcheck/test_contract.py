"""The contract: what belongs at a place is read there and nowhere else, and nothing else is."""

from pathlib import Path

import numpy as np
import pytest

from flowcheck import contract, files
from flowcheck.intact import Unusable, refusing, require_shapes
from tests.faults import intermediate, results
from tests.faults.case import bad, tried

# What the miniature has no file of: read in a whole study only (tests/workflow/test_study.py).
NOT_THERE = (
    "{output}/provenance.json",
    "theory/short_run.json",
    "theory/vae_bounds.csv",
    "theory/constant_jacobian.csv",
    "theory/published_errors.csv",
)


def test_every_file_of_the_results_is_read_as_it_was_written():
    folder = results.results()
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    for path in paths:
        intermediate.read(path)
    # Each place of the contract is among them, so none is checked in vain.
    seen = {path.relative_to(folder).as_posix() for path in paths}
    for place in (*contract.CONTENTS, *contract.ARRAYS, *contract.TABLES, *contract.WEIGHTS):
        pattern = dict(contract._patterns((place,)))[place]
        assert place in NOT_THERE or any(pattern.search(path) for path in seen), place


def test_damage_to_any_of_them_is_refused_by_name():
    outcomes = {case.name: tried(case) for case in intermediate.CASES}
    assert len(outcomes) > 250
    assert {name: outcome for name, outcome in outcomes.items() if bad(outcome)} == {}


PLACES = {
    "results/banana/truth.json": {"file": "truth.json", "target": "banana"},
    "a/b/t/flows/f/draws.npz": {"file": "draws.npz", "target": "t", "flow": "f"},
    "t/flows/f/parts/2/run.json": {"file": "run.json", "target": "t", "flow": "f", "first": "2"},
    "t/hmc/short_run.json": {"file": "{run}_run.json", "target": "t", "run": "short"},
    "results/vae/flows/m/model.safetensors": {
        "file": "model.safetensors", "images": "flows", "vae": "m",
    },
    "results/x/figures/elbo.png": {},
    "truth.json": {},  # without the folder of a target it is of none
    "mine/own.json": {},
}  # fmt: skip


@pytest.mark.parametrize("path", PLACES)
def test_a_place_says_what_its_file_is_of(path):
    assert contract.place(path) == contract.place(Path(path)) == PLACES[path]


def test_a_study_may_be_moved_as_a_whole(tmp_path):
    arrays = {"theta": np.ones((5, 2))}
    written, moved = (tmp_path / f"{name}/banana/exact_draws.npz" for name in ("a", "b/c"))
    files.write_arrays(str(written), **arrays)
    moved.parent.mkdir(parents=True)
    written.rename(moved)
    assert np.array_equal(files.read_arrays(str(moved))["theta"], arrays["theta"])


def test_what_a_step_wrote_as_unknown_is_read_as_unknown(tmp_path):
    path = str(tmp_path / "banana/approximations/own/draws.npz")
    arrays = {"theta": np.ones((1, 3, 2)), "log_q": np.full((1, 3), np.nan)}
    files.write_arrays(path, **arrays, log_p=arrays["log_q"])
    assert np.isnan(files.read_arrays(path)["log_q"]).all()


def test_an_approximation_that_was_refused_has_no_draws(tmp_path):
    folder = tmp_path / "banana/approximations/own"
    empty = {"theta": np.empty((1, 0, 2)), "log_q": np.empty((1, 0)), "log_p": np.empty((1, 0))}
    files.write_arrays(str(folder / "draws.npz"), **empty)
    files.write_arrays(str(folder / "gaussian.npz"), loc=np.empty(0), factor=np.empty((0, 0)))
    assert files.read_arrays(str(folder / "draws.npz"))["theta"].shape == (1, 0, 2)
    assert files.read_arrays(str(folder / "gaussian.npz"))["loc"].shape == (0,)


def test_a_verdict_may_be_overruled_for_the_worse(tmp_path):
    path = results.copy("banana/hmc/long.json", tmp_path)
    path.write_text(path.read_text().replace('"passed": true', '"passed": false', 1))
    assert files.read_json(str(path))["passed"] is False


def test_names_that_look_like_numbers_stay_names(tmp_path):
    path = str(tmp_path / "1/divergence.csv")
    table = results.divergence("1", "007")
    files.write_table(path, table)
    assert list(files.read_table(path)["flow"]) == ["007", "007"]


def test_a_fault_of_the_machine_is_no_fault_of_the_file(tmp_path):
    path = tmp_path / "x.npz"
    path.touch()
    with pytest.raises(MemoryError), refusing(path):
        raise MemoryError
    with (
        pytest.raises(FileNotFoundError, match=r"y\.npz: no such file"),
        refusing(tmp_path / "y.npz"),
    ):
        pass


def test_shapes_are_exactly_those_wanted():
    found = {"a": np.ones((2, 3))}
    require_shapes("x", found, {"a": (2, None)})
    for wanted in ({"a": (2, 2)}, {"a": (2,)}, {"a": (2, 3, 1)}, {"b": (2, 3)}, {}):
        with pytest.raises(Unusable, match="Delete it and run again"):
            require_shapes("x", found, wanted)

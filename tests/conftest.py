"""What the tests share. Files run in a fresh process import by name from scripts/ and the root."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from flowcheck.observations import PUBLISHED_NAME, embedded
from flowcheck.targets.banana import Target

torch.set_num_threads(1)


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the groups in the same hook
def pytest_collection_modifyitems(items):
    """For `pytest -n 2 --dist loadgroup`: what shares a fixture runs in one process.

    pytest-xdist 3.8.0 sees groups with pytest 9.0.2, and none with 9.2.0.

    The tests of the tiny study, which takes minutes to make, come first and stay together; those
    of any other file do. The other runs of the workflow come next, so that what is left for the end
    is short and neither process waits for the other (with `--no-loadscope-reorder`, since
    pytest-xdist would begin with the files of most tests).
    """
    items.sort(
        key=lambda item: ("study" not in item.fixturenames, item.path.parent.name != "workflow")
    )
    for item in items:
        group = "study" if "study" in item.fixturenames else item.path.name
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(autouse=True)
def same_numbers_in_any_order():
    """PyTorch's own generator is seeded, whichever tests this process ran before."""
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def banana() -> Target:
    """The published posterior, from generated data."""
    return Target({"y": embedded(np.random.default_rng(1))}, sigma_y=2.0, sigma_theta=1.0)


@pytest.fixture(scope="session")
def published_folder() -> Path:
    """The folder FLOWCHECK_DATA with the published file, or a skip that says what is missing."""
    folder = os.environ.get("FLOWCHECK_DATA")
    if not folder:
        pytest.skip(f"FLOWCHECK_DATA is not set: it should name a folder with {PUBLISHED_NAME}")
    if not (Path(folder) / PUBLISHED_NAME).is_file():
        pytest.skip(f"FLOWCHECK_DATA ({folder}) has no {PUBLISHED_NAME}")
    return Path(folder)


@pytest.fixture
def no_network(monkeypatch):
    """Any attempt to download fails the test."""

    def refuse(url, *_, **__):
        pytest.fail(f"a test tried to download {url}")

    monkeypatch.setattr("urllib.request.urlopen", refuse)

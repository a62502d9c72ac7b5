import shutil
from pathlib import Path

import pytest

from tests.repository import ROOT, copy_to, snakemake

MEND = "`make test-browser` installs it; by hand: sh tests/browser/install.sh PYTHON"
# Seconds. The study takes 200 on two busy cores; this ends a hang.
STUDY_LIMIT = 1800


def pytest_addoption(parser):
    parser.addoption("--page", help="look at this report instead of making the tiny study's")


@pytest.fixture(scope="session")
def chromium():
    """A headless Chromium. Where there is none the tests fail: what was not run has not passed."""
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError as missing:
        pytest.fail(f"{missing}. {MEND}", pytrace=False)
    program = shutil.which("chromium")
    if program is None:
        pytest.fail(f"no chromium on the PATH. {MEND}", pytrace=False)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def report(request, tmp_path_factory) -> Path:
    """The report to look at: the one that --page names, or that of the tiny study, made here."""
    given = request.config.getoption("--page", default=None)
    if given:
        path = (ROOT / given).resolve()
        if not path.is_file():
            pytest.fail(f"--page names {given}, which is no file", pytrace=False)
        return path
    return made(tmp_path_factory, "tiny")


@pytest.fixture(scope="session")
def gallery(tmp_path_factory) -> Path:
    """The report of the small gallery, made here: several posteriors and approximations."""
    return made(tmp_path_factory, "gallery_small")


def made(tmp_path_factory, study: str) -> Path:
    """The report of config/STUDY.yaml, made in a copy of the repository."""
    folder = copy_to(tmp_path_factory.mktemp(study) / "flowcheck")
    done = snakemake(folder, "--configfile", f"config/{study}.yaml", limit=STUDY_LIMIT)
    assert done.returncode == 0, done.stdout
    return folder / f"results/{study}/report.html"

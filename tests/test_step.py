"""What `import step` does to a process, whatever it was started with. Each case is a process."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.repository import ROOT, environment

# What Snakemake puts before a step's own code.
PREAMBLE = """
from types import SimpleNamespace
snakemake = SimpleNamespace(log=["logs/the.log"], output=["made/out.txt"])
from step import progress, snakemake
"""
# Seconds; a case takes a quarter of one. This ends a hang.
LIMIT = 60


class Step:
    """A step in a folder of its own."""

    def __init__(self, folder):
        self.folder, self.log = folder, folder / "logs/the.log"

    def command(self, code: str, **variables: str) -> dict:
        (self.folder / "a_step.py").write_text(PREAMBLE + code, encoding="utf-8")
        variables = {"PYTHONPATH": str(ROOT / "scripts")} | variables
        return {"cwd": self.folder, "env": environment(**variables), "text": True}

    def run(self, code: str, closing: str = "", **variables: str):
        """Run it to its end by a shell that closes what `closing` says; its exit status and log."""
        done = subprocess.run(
            ["sh", "-c", f"exec {sys.executable} a_step.py {closing}"],
            capture_output=True,
            check=False,
            timeout=LIMIT,
            **self.command(code, **variables),
        )
        # Nothing of a step is for the screen: that is the log's, which the screen reads.
        assert done.stdout + done.stderr == ""
        return done.returncode, self.log.read_text(encoding="utf-8")


@pytest.fixture
def step(tmp_path) -> Step:
    return Step(tmp_path)


@pytest.mark.parametrize("closing", ["", ">&-", "<&- >&- 2>&-"])
def test_all_output_is_in_the_log_whatever_the_shell_has_closed(step, closing):
    code = """
import os, subprocess, sys
print("by print")
print("by stderr", file=sys.stderr)
os.write(1, b"by descriptor\\n")
subprocess.run(["sh", "-c", "echo by a child; echo and its stderr >&2"])
print("after it")
"""
    status, log = step.run(code, closing)
    wanted = ["by print", "by stderr", "by descriptor", "by a child", "and its stderr", "after it"]
    assert (status, log.splitlines()) == (0, wanted)


@pytest.mark.parametrize(
    "locale",
    [
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "latin-1"},
    ],
)
def test_a_log_is_utf8_under_any_locale(step, locale):
    assert step.run('print("λ ≠ ∞, Zürich")', **locale) == (0, "λ ≠ ∞, Zürich\n")


def test_a_log_is_an_ordinary_file_and_holds_this_run_alone(step):
    step.run('print("a long first run")')
    os.umask(mask := os.umask(0))
    assert step.log.stat().st_mode & 0o777 == 0o666 & ~mask
    assert step.run('print("second")')[1] == "second\n"


@pytest.mark.parametrize(
    ("code", "last"),
    [
        ("raise ValueError('mine.npy is empty:\\n  save it')", "ERROR: mine.npy is empty: save it"),
        ("int('x')", "ValueError: invalid literal for int() with base 10: 'x'"),
    ],
)
def test_an_error_is_its_traceback_in_the_log_and_then_its_paragraph(step, code, last):
    status, log = step.run(code)
    assert status == 1
    assert log.count("Traceback (most recent call last)") == 1
    assert log.splitlines()[-1] == last


def test_what_a_killed_run_left_half_written_is_removed_and_nothing_else(step):
    folder = step.folder / "made"
    folder.mkdir()
    kept = ["out.txt", ".7.other.txt", "7.out.txt", ".x.out.txt"]
    for name in [*kept, ".7.out.txt", ".12345.out.txt"]:
        (folder / name).touch()
    step.run("")
    assert sorted(os.listdir(folder)) == sorted(kept)


def test_progress_passes_all_items_on_and_says_how_far_it_is(step):
    code = """
import step, time
step._EVERY = 0.01
seen = []
for item in progress(range(300, 1000, 100), "planar"):
    seen.append(item)
    time.sleep(0.03)
print(seen)
print(list(progress(["a", "b"], "letters")), list(progress(range(0), "nothing")))
"""
    log = step.run(code)[1].splitlines()
    assert log[-2:] == ["[300, 400, 500, 600, 700, 800, 900]", "['a', 'b'] []"]
    assert log[0].startswith("progress: planar: step 500 of 1,000, 0:0")
    assert log[0].endswith(" left")


def started(step, code: str, **variables: str) -> subprocess.Popen:
    """The step, once its code has begun."""
    process = subprocess.Popen(
        [sys.executable, "a_step.py"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        # A test run in the background may ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        **step.command('print("begun")\n' + code, **variables),
    )
    deadline = time.monotonic() + LIMIT
    while not (step.log.exists() and "begun" in step.log.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return process


def test_ctrl_c_is_one_word_in_the_log(step):
    process = started(step, "import time; time.sleep(60)")
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=LIMIT)
    assert (said, step.log.read_text()) == ("", "begun\ninterrupted\n")
    assert process.returncode != 0


def test_a_step_ends_if_its_snakemake_was_gone_before_it_looked(step):
    gone = subprocess.Popen(["true"])
    gone.wait()
    code = "import time; time.sleep(60)"
    status, log = step.run(code, FLOWCHECK_SNAKEMAKE_PID=str(gone.pid))
    assert status == 1
    assert log == "Snakemake is gone: this step ends too\n"


def test_a_step_whose_shell_outlives_its_snakemake_ends(step):
    # A process that stands for Snakemake, its shell, which does not `exec`, and the step.
    os.environ.pop("FLOWCHECK_SNAKEMAKE_PID", None)
    shell = f"FLOWCHECK_SNAKEMAKE_PID=$PPID {sys.executable} a_step.py; true"
    stands_for_snakemake = f"import subprocess; subprocess.run(['sh', '-c', {shell!r}])"
    command = step.command('print("begun", flush=True)\nimport time; time.sleep(60)')
    snakemake = subprocess.Popen([sys.executable, "-c", stands_for_snakemake], **command)
    deadline = time.monotonic() + LIMIT
    while not (step.log.exists() and "begun" in step.log.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    snakemake.kill()
    snakemake.wait()
    while "Snakemake is gone" not in step.log.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_step_stays_while_its_snakemake_is_there(step):
    code = "import time; time.sleep(2.5); print('done')"
    assert step.run(code, FLOWCHECK_SNAKEMAKE_PID=str(os.getpid())) == (0, "done\n")

"""Steps forked from a warm process behave as if started by themselves; each case is a process."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from snakemake.shell import shell

from tests.repository import ROOT, environment
from workflow.lib.warm_start import WORTH_IT, WarmStart

CLIENT = [sys.executable, "-IS", str(ROOT / "scripts/warm_client.py")]
SERVER = [sys.executable, str(ROOT / "scripts/warm_process.py")]
# Seconds: loading the packages takes a few, a case a tenth of one. This ends a hang.
LIMIT = 120
# Whether a step was forked: only then is PyTorch there without having been imported.
FORKED = "import sys; print('torch' in sys.modules, flush=True)\n"


def until(condition, what):
    """Wait for it."""
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end, f"after {LIMIT} s: no {what}"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """Where a warm process listens."""
    found = tmp_path_factory.mktemp("warm") / "socket"
    with subprocess.Popen([*SERVER, str(found), str(os.getpid())], env=environment()) as process:
        until(found.exists, "socket")
        yield str(found)
        process.terminate()


@pytest.fixture
def run(path, tmp_path):
    """Runs code through the client, as a shell would."""

    def run(code, socket=path, python=sys.executable, closing="", **variables):
        script = tmp_path / "a step.py"
        script.write_text(code, encoding="utf-8")
        return subprocess.run(
            ["sh", "-c", f'exec "$@" {closing}', "sh", *CLIENT, socket, python, str(script)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment(**variables),
            timeout=LIMIT,
            check=False,
        )

    return run


@pytest.mark.parametrize(
    ("code", "status", "said"),
    [
        ("print('done')", 0, "done\n"),
        ("raise SystemExit(3)", 3, ""),
        ("import sys; sys.excepthook = lambda *_: print('ours'); 1 / 0", 1, "ours\n"),
        (
            "import atexit; atexit.register(print, 'at the end'); print('first')",
            0,
            "first\nat the end\n",
        ),
        (
            "import threading, time\n"
            "threading.Thread(target=lambda: (time.sleep(0.2), print('by a thread'))).start()",
            0,
            "by a thread\n",
        ),
        ("import sys; sys.stdout.write('no end of line')", 0, "no end of line"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", 137, ""),
        ("import os; os._exit(7)", 7, ""),
        ("import subprocess; subprocess.run(['echo', 'by a child'])", 0, "by a child\n"),
        ("import os, sys; print(os.getcwd() == sys.path[0], len(sys.argv))", 0, "True 1\n"),
        ("import os; print(os.environ['FOR_THE_STEP'])", 0, "a value\n"),
        (
            "import __main__; x = 5; print(__main__.x, __name__, __file__[-9:])",
            0,
            "5 __main__ a step.py\n",
        ),
        ("import torch; print(torch.get_num_threads())", 0, "1\n"),
        (
            "import sys; sys.stdout.reconfigure(errors='replace'); print(sys.stdout.seekable())",
            0,
            "False\n",
        ),
        (
            "import signal; print(signal.getsignal(signal.SIGINT).__name__)",
            0,
            "default_int_handler\n",
        ),
    ],
)
def test_a_forked_step_ends_as_a_started_one(run, code, status, said):
    done = run(FORKED + code, FOR_THE_STEP="a value")
    assert (done.returncode, done.stdout) == (status, f"True\n{said}"), done.stderr


@pytest.mark.parametrize(
    "how",
    [
        {"socket": "/nowhere/socket"},
        {"python": "python3"},
        {"closing": "<&-"},
    ],
    ids=["no process", "another Python", "closed input"],
)
def test_where_it_cannot_be_forked_a_step_starts_by_itself(run, how):
    done = run(FORKED, **how)
    assert (done.returncode, done.stdout) == (0, "False\n"), done.stderr


def test_what_a_forked_step_has_loaded_is_not_taken_apart(run):
    code = "class Kept:\n    def __del__(self): print('taken apart')\nkept = Kept()"
    assert run(code).stdout == ""
    assert run(code, socket="/nowhere/socket").stdout == "taken apart\n"


def test_a_traceback_is_the_steps_own(run):
    done = run("def broken():\n    raise ValueError('why')\nbroken()\n")
    assert done.returncode == 1
    assert done.stderr.rstrip().endswith("ValueError: why")
    assert 'a step.py", line 2, in broken' in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_step_ends_with_its_client(path, tmp_path, number):
    script, pid_file = tmp_path / "step.py", tmp_path / "pid"
    code = f"import os, time\nprint(os.getpid(), file=open({str(pid_file)!r}, 'w'), flush=True)\n"
    script.write_text(f"{code}time.sleep({LIMIT})\n")
    command = [*CLIENT, path, sys.executable, str(script)]
    with subprocess.Popen(command, env=environment()) as client:
        until(lambda: pid_file.exists() and pid_file.read_text().endswith("\n"), "step")
        client.send_signal(number)
    pid = int(pid_file.read_text())
    until(lambda: not alive(pid), "end of the step")


def test_it_ends_with_the_process_that_started_it_and_leaves_nothing(tmp_path):
    found = tmp_path / "a folder/socket"
    found.parent.mkdir()
    starter = (
        "import os, subprocess\n"
        f"command = [*{SERVER!r}, {str(found)!r}, str(os.getpid())]\n"
        "print(subprocess.Popen(command, stdout=subprocess.DEVNULL).pid)"
    )
    pid = int(subprocess.check_output([sys.executable, "-c", starter], text=True, timeout=LIMIT))
    until(lambda: not alive(pid), "end of the warm process")
    assert not found.parent.exists()


@pytest.fixture
def warm_start(monkeypatch, tmp_path):
    """A run's, with temporary files in a folder of the test's."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(shell, "_process_prefix", "exec 2>>{file}; ")
    started = WarmStart()
    yield started
    started.end()


def test_a_run_starts_it_and_takes_all_of_it_away(warm_start, tmp_path):
    warm_start.begin(jobs=WORTH_IT)
    process = warm_start.process
    assert alive(process.pid)
    assert shell._process_prefix.startswith("exec 2>>{file}; exec ")
    assert str(tmp_path) in shell._process_prefix
    warm_start.end()
    assert not alive(process.pid)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("jobs", "folder"), [(WORTH_IT - 1, ""), (WORTH_IT, "missing")])
def test_few_jobs_or_nowhere_to_write_and_steps_start_by_themselves(
    warm_start, monkeypatch, tmp_path, jobs, folder
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / folder))
    warm_start.begin(jobs)
    assert warm_start.process is None
    assert shell._process_prefix == "exec 2>>{file}; "


def test_one_that_is_there_serves_a_run_of_any_size_and_stays(warm_start, monkeypatch, path):
    monkeypatch.setenv("FLOWCHECK_WARM_SOCKET", path)
    warm_start.begin(jobs=1)
    assert path in shell._process_prefix
    warm_start.end()
    assert Path(path).is_socket()


def alive(pid):
    """Whether the process runs; one that waits to be collected does not."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False

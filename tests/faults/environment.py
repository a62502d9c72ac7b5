"""Shells, locales and machines as they are found: the workflow itself, run in processes.

A step runs as Snakemake runs it, and a study is planned by `snakemake --dry-run` in a folder of its
own, with refused configs among them: the code that refuses them in tests/faults/configs.py agrees.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.faults.case import (
    ACCEPTED,
    REFUSED,
    SURVIVED,
    TRACEBACK,
    Case,
    Outcome,
    refused_saying,
)
from tests.repository import ROOT, environment

# Seconds; a step takes half of one on an idle core, a plan two. These end a hang.
STEP_LIMIT, PLAN_LIMIT = 120, 300
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
LATIN = {"PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"}
PREAMBLE = """
from types import SimpleNamespace
snakemake = SimpleNamespace(log=["logs/the.log"], output=["made/out.txt"])
from step import progress, snakemake
"""
# A study of one step, which names an entry in no language's ASCII.
STUDY = {"output": "größe", "targets": {"banana": {"data": "Daten-λ.npy"}}}
DRY = [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), "-n", "--cores", "1"]


def step(code: str, said: str, closing: str = "", files=(), **variables) -> Callable[[], Outcome]:
    """Run a step that does `code`; it must say `said` at the end of its log, and end well."""

    def run() -> Outcome:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            (folder / "a_step.py").write_text(PREAMBLE + code, encoding="utf-8")
            for name, content in files:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text(content, encoding="utf-8")
            own = {k: v.format(folder=folder) for k, v in variables.items()}
            own = {"PYTHONPATH": str(ROOT / "scripts")} | own
            done = subprocess.run(
                ["sh", "-c", f"exec {sys.executable} a_step.py {closing}"],
                cwd=folder,
                env=environment(**own),
                capture_output=True,
                timeout=STEP_LIMIT,
                check=False,
            )
            log = folder / "logs/the.log"
            text = log.read_text(encoding="utf-8") if log.exists() else ""
            if "Traceback" in text or done.stderr:
                return Outcome(TRACEBACK, text + done.stderr.decode(errors="replace"))
            if not text.endswith(said + "\n") or log.stat().st_mode & 0o111:
                return Outcome(ACCEPTED, f"{oct(log.stat().st_mode)} {text!r}")
            return Outcome(SURVIVED, text)

    return run


def plan(config: dict, *words: str, closing: str = "", **variables) -> Callable[[], Outcome]:
    """Plan a study in a folder of its own: refused with these words, or planned without any.

    Snakemake's own words for an error in a workflow name the line, and are no traceback.
    """

    def run() -> Outcome:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            (folder / "mine.json").write_text(json.dumps(config), encoding="utf-8")
            (folder / "Daten-λ.npy").write_bytes(b"")
            command = [*DRY, "--configfile", "mine.json", "--", "banana"]
            done = subprocess.run(
                ["sh", "-c", f'exec "$@" {closing}', "sh", *command],
                cwd=folder,
                env=environment(**variables),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=PLAN_LIMIT,
                check=False,
            )
            said = done.stdout.decode(errors="replace")
            if "Traceback (most recent" in said:
                return Outcome(TRACEBACK, said)
            if words:
                if done.returncode == 0:
                    return Outcome(ACCEPTED, said)
                return refused_saying(said, *words)
            if done.returncode != 0 or (not closing and "prepare_data banana" not in said):
                return Outcome(ACCEPTED, f"{done.returncode}: {said}")
            return Outcome(SURVIVED, said)

    return run


def orphaned() -> Outcome:
    """A step whose Snakemake is gone before it looks."""
    gone = subprocess.Popen(["true"])
    gone.wait()
    with tempfile.TemporaryDirectory() as scratch:
        folder, began = Path(scratch), time.monotonic()
        (folder / "a_step.py").write_text(
            PREAMBLE + "import time; time.sleep(100)", encoding="utf-8"
        )
        variables = {"FLOWCHECK_SNAKEMAKE_PID": str(gone.pid), "PYTHONPATH": f"{ROOT}/scripts"}
        subprocess.run(
            [sys.executable, "a_step.py"],
            cwd=folder,
            env=environment(**variables),
            timeout=STEP_LIMIT,
            check=False,
        )
        log = (folder / "logs/the.log").read_text(encoding="utf-8")
        ended = "Snakemake is gone" in log and time.monotonic() - began < 90
        return Outcome(REFUSED if ended else ACCEPTED, log)


CLOSED = {"stdout": ">&-", "stderr": "2>&-", "stdin": "<&-", "all three": "<&- >&- 2>&-"}
CACHE = """
import os
from flowcheck import compile_cache
folder = compile_cache.prepare(lambda said: None)
print(oct(folder.stat().st_mode & 0o777), os.environ["TORCHINDUCTOR_CACHE_DIR"] == str(folder))
"""
COMPILER = "from flowcheck import compiling\nprint(compiling.compiler())\n"
WORD = 'print("λ ≠ ∞")'


def _cases():
    for what, closing in CLOSED.items():
        yield f"a step, {what} closed", step('print("said")', "said", closing)
    for what, variables in (("ASCII", ASCII), ("Latin-1", LATIN)):
        yield f"a step's words in {what}", step(WORD, "λ ≠ ∞", **variables)
        write = "from flowcheck import files\nfiles.write_json('words.json', {'λ': '∞'})\n"
        read = "print(files.read_json('words.json')['λ'])"
        yield f"a file's words in {what}", step(write + read, "∞", **variables)
    yield (
        "a locale that there is none of",
        step(WORD, "λ ≠ ∞", LC_ALL="xx_XX.UTF-8", LANG="nonsense"),
    )
    for name in ("step.py", "flowcheck.py", "flowcheck/__init__.py"):
        theirs = [(f"theirs/{name}", "raise SystemExit('not ours')\n")]
        # As workflow/lib/jobs.py sets it: ours first, then the user's.
        path = f"{ROOT / 'scripts'}{os.pathsep}{{folder}}/theirs"
        code = "import flowcheck.files; print('ours')"
        yield f"a {name} on PYTHONPATH", step(code, "ours", files=theirs, PYTHONPATH=path)
    private = "0o700 True"
    yield "no compile cache yet", step(CACHE, private, HOME="{folder}", XDG_CACHE_HOME="")
    yield (
        "a compile cache that is a file",
        step(CACHE, private, XDG_CACHE_HOME="{folder}/a_step.py"),
    )
    yield "a compile cache in /proc", step(CACHE, private, XDG_CACHE_HOME="/proc/none")
    yield (
        "one given that is a file",
        step(CACHE, private, TORCHINDUCTOR_CACHE_DIR="{folder}/a_step.py"),
    )
    yield "a home that is not there", step(CACHE, private, HOME="/proc/none", XDG_CACHE_HOME="")
    for value, found in (
        ("ccache g++", "g++"),
        ("/usr/bin/ccache g++ -O1", "g++"),
        ("g++ -std=c++17", "g++"),
        ("", "g++"),
        ("no-such-compiler", "None"),
        ("'open", "None"),
    ):
        yield f"CXX={value!r}", step(COMPILER, found, CXX=value)
    yield "a step whose Snakemake is gone", orphaned
    yield "a plan in ASCII", plan({"output": "made", "targets": {"banana": {}}}, **ASCII)
    yield "names that ASCII lacks", plan(STUDY, "PYTHONUTF8=1", **ASCII)
    yield "a plan in Latin-1", plan(STUDY, **LATIN)
    yield "a plan, stdout closed", plan(STUDY, closing=">&-")
    yield "a plan, stderr closed", plan(STUDY, closing="2>&-")
    for overlay, words in (
        ({"output": "a{x}b"}, "output: "),
        ({"flows": {"NA": {"family": "planar", "layers": 2}}}, "flows.NA: "),
        ({"targets": {"train_flow": {}}}, "targets.train_flow: "),
        ({"divergence": {"neighbours": 10000}}, "divergence.neighbours: "),
        ({"hmc": {"long": {"draws": 10**12}}}, "hmc.long.draws: "),
        ({"images": {"k": {"dataset": "KMNIST"}}}, "FLOWCHECK_DATA"),
    ):
        variables = {"FLOWCHECK_DATA": "/no/such"} if words == "FLOWCHECK_DATA" else {}
        yield f"`snakemake -n`: {words}", plan(STUDY | overlay, words, **variables)


CASES = [Case(name, "environment", run, limit=600) for name, run in _cases()]

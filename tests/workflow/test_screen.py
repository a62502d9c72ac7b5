"""What a run says on the screen, record by record. Whole runs: test_study, test_failures."""

import io
import logging
import os
import time

import pytest
from snakemake_interface_logger_plugins.common import LogEvent

from tests.repository import ROOT, snakemake
from workflow.lib import wording
from workflow.lib.screen import Screen


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (99.4, "99 s"),
        (99.6, "1 min 40 s"),
        (119.6, "2 min 00 s"),
        (5999, "99 min 59 s"),
        (6000, "1 h 40 min"),
        (90061, "25 h 01 min"),
    ],
)
def test_durations(seconds, said):
    assert wording.duration(seconds) == said


@pytest.mark.parametrize(
    ("snakemakes", "ours"),
    [
        ("Missing output files: a/b.csv", "missing output files: a/b.csv"),
        (
            "Missing output files: a, b, c; Input files updated by another job: d, e",
            "missing output files: a and 2 more",
        ),
        ("Input files updated by another job: d", "input files updated by another job: d"),
        ("Code has changed since last execution", "code has changed since last execution"),
        ("Forced execution", "forced execution"),
        ("Missing output files: " + "x" * 200, "missing output files: " + "x" * 85 + "..."),
        (
            "Params have changed since last execution: before: \n  1\nnow: \n 2",
            "params have changed since last execution: before: 1 now: 2",
        ),
    ],
)
def test_a_reason_is_one_short_line(snakemakes, ours):
    assert wording.reason(snakemakes) == ours


TRACE = """\
begun
Traceback (most recent call last):
  File "x.py", line 1, in <module>
    {}["x"]
KeyError: 'x'
"""
LOGS = {
    "a message": (TRACE + "\nERROR: y.npy is empty: save it again\n", ["y.npy is empty: save it"]),
    "a bug": (
        TRACE,
        ["KeyError: 'x'", "Traceback", "  File", "    {}", "KeyErr", "Unless"],
    ),
    "a message of two lines": (
        TRACE.replace("KeyError: 'x'", "mine.Error: one\ntwo"),
        ["mine.Error: one", "Traceback", "  File", "    {}", "mine.Error: one", "two", "Unless"],
    ),
    "silence": ("", ["It ended without a message"]),
    "last words": ("one\n\ntwo\rthree\n", ["It ended without a message", "one", "two", "three"]),
    "bytes": (b"\xff\xfe\nERROR: h\xc3\xa9 \xff", ["hé \ufffd"]),
    "a long log": (b"x" * 200_000 + b"\nERROR: short\n", ["short"]),
}


@pytest.mark.parametrize("name", LOGS)
def test_what_a_failed_jobs_log_says(name, tmp_path):
    content, starts = LOGS[name]
    log = tmp_path / "the.log"
    log.write_bytes(content if isinstance(content, bytes) else content.encode())
    lines = wording.why_it_failed([str(tmp_path / "absent.log"), str(log)])
    assert len(lines) >= len(starts)
    for line, start in zip(lines, starts, strict=False):
        assert line.startswith(start)


class Clock:
    """Stands still until it is moved."""

    def __init__(self):
        self.now = time.time()

    def __call__(self):
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    stopped = Clock()
    monkeypatch.setattr("workflow.lib.screen.time.time", stopped)
    monkeypatch.setattr("workflow.lib.screen.time.monotonic", stopped)
    return stopped


class Run:
    """A screen on a stream of its own, told what Snakemake tells it."""

    def __init__(self, dry=False, report=None, every=60, terminal=False):
        self.stream = io.StringIO()
        self.stream.isatty = lambda: terminal
        self.screen = Screen(logging.StreamHandler(self.stream), dry, lambda: report, every)
        self.tell("Workflow has started!", event=LogEvent.WORKFLOW_STARTED)

    def tell(self, message, level=logging.INFO, **fields):
        record = logging.LogRecord("snakemake", level, "", 0, message, None, None)
        vars(record).update(fields)
        self.screen.emit(record)

    def count(self, total):
        self.tell("Job stats", event=LogEvent.RUN_INFO, stats={"a": total, "total": total})

    def begin(self, number, rule, log=(), **wildcards):
        fields = {"rule_name": rule, "wildcards": wildcards, "log": list(log), "reason": "Forced"}
        self.tell("job", event=LogEvent.JOB_INFO, jobid=number, **fields)

    def finish(self, number):
        self.tell("Finished", event=LogEvent.JOB_FINISHED, job_id=number)

    def fail(self, number, rule, log=()):
        self.tell(
            "RuleException:\nCalledProcessError in file x.smk", logging.ERROR, event=LogEvent.ERROR
        )
        fields = {"rule_name": rule, "log": list(log)}
        self.tell("Error", logging.ERROR, event=LogEvent.JOB_ERROR, jobid=number, **fields)

    def end(self):
        self.tell("Elapsed time: 0:00:01")

    @property
    def lines(self):
        return self.stream.getvalue().splitlines()


def test_a_run_is_a_line_per_finished_job_and_the_report_last(tmp_path):
    report = tmp_path / "report.html"
    run = Run(report=report)
    run.count(10)
    for words in ("Select jobs to execute...", "Conda environments: ignored", "Provided cores: 2"):
        run.tell(words)
    run.begin(7, "train_flow", target="banana", flow="nice")
    run.begin(8, "theory_contraction")
    run.finish(8)
    run.finish(7)
    report.touch()
    run.end()
    assert run.lines[0] == "10 jobs to run:"
    assert run.lines[1:3] == [
        " 1/10 theory_contraction, 0.0 s",
        " 2/10 train_flow banana nice, 0.0 s",
    ]
    assert run.lines[3].startswith("2 jobs done in ")
    assert run.lines[4:] == [f"The report: {report}"]


def test_a_report_that_is_not_there_or_was_not_asked_for_is_not_named(tmp_path):
    for report in (None, tmp_path / "absent.html"):
        run = Run(report=report)
        run.tell("Nothing to be done (all requested files are present and up to date).")
        assert run.lines == ["Nothing to be done (all requested files are present and up to date)."]


def test_a_failure_is_the_job_then_the_message_then_the_log(tmp_path):
    log = tmp_path / "the.log"
    run = Run()
    run.count(3)
    run.begin(1, "prepare_data", [str(log)], target="mine")
    log.write_text(TRACE + "ERROR: mine.npy is empty: save it again\n")
    run.fail(1, "prepare_data", [str(log)])
    run.tell("Exiting because a job execution failed. Look above.", logging.ERROR)
    run.end()
    assert run.lines[1:] == [
        "Error in rule prepare_data (mine), after 0.0 s:",
        "  mine.npy is empty: save it again",
        f"  log: {log}",
        "1 job failed, 0 of 3 done in 0.0 s. What is done is kept: the same command continues from "
        "there.",
    ]


def test_an_earlier_runs_log_does_not_explain_this_ones_failure(tmp_path):
    log = tmp_path / "the.log"
    log.write_text("ERROR: long since put right\n")
    os.utime(log, (1, 1))
    run = Run()
    run.begin(1, "prepare_data", [str(log)])
    run.fail(1, "prepare_data", [str(log)])
    assert "long since" not in run.stream.getvalue()
    assert run.lines[1].startswith("  It ended without a message")


def test_ctrl_c_names_what_it_stopped_in_a_line_each():
    run = Run()
    run.count(2)
    run.begin(1, "train_flow", target="banana", flow="nice")
    run.tell("Terminating processes on user request, this might take some time.")
    run.fail(1, "train_flow")
    run.end()
    assert run.lines[2:3] == ["stopped: train_flow banana nice"]
    assert run.lines[3].startswith("Stopped, 0 of 2 done")


def test_a_long_job_tells_how_far_it_is_and_a_short_or_a_waiting_one_does_not(tmp_path, clock):
    logs = {name: tmp_path / f"{name}.log" for name in ("long", "mute", "waiting")}
    logs["waiting"].write_text("progress: an earlier run's\n")
    os.utime(logs["waiting"], (1, 1))
    run = Run(every=60)
    run.count(100)
    for number, (name, log) in enumerate(logs.items()):
        run.begin(number, name, [str(log)])
    logs["mute"].write_text("hello\n")
    logs["long"].write_text("progress: step 1 of 3\nprogress: step 2 of 3, 0:07 left\nhello\n")
    run.screen.tell()
    assert len(run.lines) == 1  # too early
    clock.now += 61
    run.begin(9, "short", [str(logs["long"])])
    run.screen.tell()
    assert sorted(run.lines[1:3]) == [
        "        long: step 2 of 3, 0:07 left",
        "        mute: running for 61 s",
    ]


def test_a_dry_run_is_a_line_per_job_with_its_reason():
    run = Run(dry=True, report="unused")
    run.count(2)
    run.begin(1, "train_flow", target="banana", flow="nice")
    run.count(2)
    run.tell("Reasons:\n  (check individual jobs above for details)")
    run.tell("This was a dry-run (flag -n).")
    assert run.lines == ["2 jobs would run:", "  train_flow banana nice: forced"]


def test_warnings_and_errors_of_snakemake_are_shown():
    run = Run()
    run.tell("A warning", logging.WARNING)
    run.tell("WorkflowError:\nno such file", logging.ERROR, event=LogEvent.ERROR)
    assert run.lines == ["A warning", "WorkflowError:", "no such file"]


def test_what_fails_is_red_on_a_terminal_alone(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    said = []
    for terminal in (False, True):
        run = Run(terminal=terminal)
        run.count(1)
        run.begin(1, "a")
        run.fail(1, "a")
        said.append(run.stream.getvalue())
    assert "\033" not in said[0]
    assert "\r" not in said[0]
    assert "\033[31mError in rule a" in said[1]
    assert said[1].count("\033") == 2


def test_a_whole_study_is_a_line_per_job_and_the_report_last(study):
    lines = study.ran.output.splitlines()
    (first,) = (number for number, line in enumerate(lines) if line.endswith(" jobs to run:"))
    total = int(lines[first].split()[0])
    numbers = [line.split("/")[0].strip() for line in lines[first + 1 :] if f"/{total} " in line]
    assert numbers == [str(number) for number in range(1, total + 1)]
    assert lines[-1] == f"The report: {study.checkout.results / 'report.html'}"
    assert not set(study.ran.output) & {"\r", "\033"}
    assert len(lines) - total < 30


def test_the_default_studys_plan_fits_a_screen_or_two():
    planned = snakemake(ROOT, "--dry-run", "--nolock", "--forceall", limit=300)
    assert planned.returncode == 0, planned.stdout
    lines = planned.stdout.splitlines()
    assert "  train_flow banana nice: forced execution" in lines
    assert len(lines) <= 100
    assert max(map(len, lines)) <= 160

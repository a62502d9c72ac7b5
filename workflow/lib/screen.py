"""What a run says on the screen: a line per finished job, a paragraph per failure, the report last.

It takes the place of Snakemake's own handler of log records, in the process that the user started
and nowhere else. Snakemake's full account still goes to .snakemake/log/, and to the screen with
--verbose, --printshellcmds, --debug-dag, any --quiet or any --logger. A logger plugin would have to
be installed beside Snakemake before the first run; this needs nothing.
"""

import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from snakemake.logging import logger
from snakemake.settings.types import ExecMode
from snakemake.shell import shell
from snakemake_interface_logger_plugins.common import LogEvent

from . import wording

ROOT = Path(__file__).resolve().parents[2]
OURS = (ROOT / "Snakefile", ROOT / "workflow" / "Snakefile")
# Where a job's words go until its step has opened its log: a Ctrl-C while Python starts, mostly.
STARTING = ".snakemake/log/starting_jobs.txt"
# Seconds between two lines about one running job.
EVERY = 55
RED, PLAIN = "\033[31m", "\033[0m"
# Of what Snakemake says while jobs run, beside warnings and errors, only these are shown.
SHOWN = ("submitted with", "Terminating", "Will exit after", "Trying to restart", "Nothing to be")
# What it says of a failure beside the failed job itself.
REPEATED = (
    "CalledProcessError",
    "Exiting because a job execution failed",
    "At least one job did not complete",
)
ENDS = "Elapsed time"
STOPS = "Terminating processes"  # at Ctrl-C


class Job(NamedTuple):
    """A job on its way: its name, its logs, when it began."""

    name: str
    logs: list[str]
    began: float


def take_over(workflow, report: Callable[[], str]) -> None:
    """Put our handler in the place of Snakemake's, unless the user asked for another screen.

    report: says where the report will be, once the workflow is loaded; named at the end if it was
    asked for. In the process of a job,
    or where this workflow is a module of another, nothing is changed.
    """
    settings = workflow.output_settings
    asked = settings.quiet or settings.verbose or settings.printshellcmds or settings.debug_dag
    if asked or workflow.exec_mode != ExecMode.DEFAULT:
        return
    if not is_ours(workflow):
        return
    for old in list(logger.handlers):
        if old.name == "DefaultStreamHandler":
            if not settings.dryrun:
                _keep_starting_jobs_quiet()
            logger.removeHandler(old)
            logger.addHandler(
                Screen(
                    old,
                    settings.dryrun,
                    lambda: _asked_for(workflow, report),
                    names=lambda: [rule.name for rule in workflow.rules],
                )
            )
            sys.excepthook = partial(_stop_without_traceback, old.stream, sys.excepthook)


def is_ours(workflow) -> bool:
    """Whether this workflow runs by itself, and not as a module of another."""
    return Path(workflow.main_snakefile).resolve() in OURS


class Screen(logging.Handler):
    """Writes log records of a run to the stream of the handler that it takes the place of."""

    def __init__(
        self, old: logging.StreamHandler, dry: bool, report: Callable, every=EVERY, names=list
    ):
        super().__init__()
        self.old, self.dry, self.report, self.every = old, dry, report, every
        self.names = names  # of all rules, once the workflow is loaded
        self.stream = old.stream
        if hasattr(self.stream, "reconfigure"):
            self.stream.reconfigure(errors="backslashreplace")
        self.started = self.stopped = False
        self.running: dict[int, Job] = {}
        self.finished = self.failed = self.total = 0
        self.began = time.monotonic()
        self.events = {
            LogEvent.WORKFLOW_STARTED: self._start,
            LogEvent.RUN_INFO: self._count,
            LogEvent.JOB_INFO: self._take if not dry else self._plan,
            LogEvent.JOB_FINISHED: self._finish,
            LogEvent.JOB_ERROR: self._fail,
            LogEvent.GROUP_ERROR: lambda record: None,  # each of its jobs has its own record
        }

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._show(record)
        except BrokenPipeError:
            raise
        except Exception:
            self.handleError(record)

    def _show(self, record):
        event = getattr(record, "event", None)
        if event in self.events:
            self.events[event](record)
        elif event in (None, LogEvent.ERROR):
            self._pass_on(record, str(record.msg or ""))

    def _pass_on(self, record, text: str):
        """Snakemake's words, where they say something that ours do not."""
        if self.started and text.startswith(ENDS):
            self._end()
        elif record.levelno >= logging.ERROR:
            if not self._said_elsewhere(text):
                self._write(wording.of_a_missing_target(text, self.names()), alarm=True)
        elif record.levelno >= logging.WARNING or any(words in text for words in SHOWN):
            self._write(text)
            self.stopped |= text.startswith(STOPS)
            if "Nothing to be" in text and not self.dry:
                self._name_report()
        elif not self.started and not text.startswith(("Building DAG", "Assuming unrestricted")):
            self.old.handle(record)

    def _said_elsewhere(self, text: str) -> bool:
        """A failed job has its own record, and how Snakemake falls over its own end is no news."""
        stumbles = self.stopped and "Traceback" in text
        return stumbles or any(words in text for words in REPEATED)

    def _start(self, record):
        self.started, self.began = True, time.monotonic()
        if not self.dry:
            threading.Thread(target=self._keep_telling, daemon=True).start()

    def _count(self, record):
        if not self.total:  # a dry run counts again at its end
            self.total = record.stats["total"]
            self._write(f"{_jobs(self.total)} {'would run' if self.dry else 'to run'}:")

    def _plan(self, record):
        name = wording.job_name(record.rule_name, record.wildcards)
        self._write(f"  {name}: {wording.reason(record.reason)}")

    def _take(self, record):
        name = wording.job_name(record.rule_name, record.wildcards)
        self.running[record.jobid] = Job(name, list(record.log), time.time())

    def _finish(self, record):
        job = self.running.pop(record.job_id, None)
        self.finished += 1
        if job is not None:
            took = wording.duration(time.time() - job.began)
            self._write(f"{self._of(self.finished)} {job.name}, {took}")

    def _fail(self, record):
        job = self.running.pop(record.jobid, None)
        name = job.name if job else record.rule_name
        if self.stopped:
            self._write(f"stopped: {name}")
            return
        rule, _, what = name.partition(" ")
        what = f" ({what})" if what else ""
        after = f", after {wording.duration(time.time() - job.began)}" if job else ""
        self.failed += 1
        self._write(f"Error in rule {rule}{what}{after}:", alarm=True)
        logs = _written_since(job.began if job else 0, [*record.log, STARTING])
        lines = wording.why_it_failed(logs)
        self._write("\n".join(f"  {line}" for line in lines))
        if record.log:
            self._write(f"  log: {', '.join(record.log)}")

    def _end(self):
        took = wording.duration(time.monotonic() - self.began)
        if not self.failed and not self.stopped:
            self._write(f"{_jobs(self.finished)} done in {took}.")
            self._name_report()
            return
        what = "Stopped" if self.stopped else f"{_jobs(self.failed)} failed"
        self._write(
            f"{what}, {self.finished} of {self.total} done in {took}. What is done is kept: the "
            "same command continues from there."
        )

    def _name_report(self):
        report = self.report()
        if report is not None and report.exists():
            self._write(f"The report: {report.absolute()}")

    def _keep_telling(self):
        """Say how far each long job is, now and then, from its log. Ends with the process."""
        while True:
            time.sleep(self.every)
            self.tell()

    def tell(self) -> None:
        """A line for each running job that has had none for a while."""
        for job in list(self.running.values()):
            age = time.time() - job.began
            logs = _written_since(job.began, job.logs)
            if age < self.every or not logs:  # it may wait in a cluster's queue
                continue
            found = [said for said in map(wording.last_progress, logs) if said]
            how_far = found[0] if found else f"running for {wording.duration(age)}"
            with self.lock:
                self._write(f"{' ' * len(self._of(0))} {job.name}: {how_far}")

    def _of(self, number: int) -> str:
        """A number among all jobs, of a fixed width: " 7/48"."""
        width = len(str(self.total))
        return f"{number:{width}d}/{self.total}"

    def _write(self, text: str, alarm: bool = False):
        coloured = alarm and self.stream.isatty() and "NO_COLOR" not in os.environ
        self.stream.write(f"{RED}{text}{PLAIN}\n" if coloured else f"{text}\n")
        self.stream.flush()


def _asked_for(workflow, report: Callable[[], str]) -> Path | None:
    """The report's path, if it is among what this run was to make. Known once the run begins."""
    goals = set(workflow.dag_settings.targets)
    return Path(report()) if not goals or goals & {"report", report()} else None


def _stop_without_traceback(stream, otherwise: Callable, kind, error, trace) -> None:
    """For sys.excepthook: what a Ctrl-C says while the workflow is loaded and planned."""
    if issubclass(kind, KeyboardInterrupt):
        stream.write("Stopped\n")
    else:
        otherwise(kind, error, trace)


def _keep_starting_jobs_quiet() -> None:
    """Before it has a log, a job writes to a file that the screen reads if the job fails."""
    Path(STARTING).parent.mkdir(parents=True, exist_ok=True)
    Path(STARTING).write_bytes(b"")
    # What Snakemake puts before a command by itself, and then the file.
    shell.prefix(f"set -euo pipefail; exec 2>>{STARTING}; ")


def _written_since(began: float, logs: list[str]) -> list[str]:
    """The logs that this run has written to. An older one tells of an earlier run."""
    return [log for log in logs if os.path.exists(log) and os.stat(log).st_mtime >= began]


def _jobs(number: int) -> str:
    return f"{number} job" if number == 1 else f"{number} jobs"

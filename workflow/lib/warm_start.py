"""Starts the process from which a run's steps are forked: scripts/warm_process.py says why.

Loading the packages there costs what two steps would spend on it, and every later step saves that.
"""

import atexit
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from snakemake.shell import shell

from .jobs import SCRIPTS

# Fewer jobs than this start by themselves: a changed figure should not wait for PyTorch.
WORTH_IT = 8


class WarmStart:
    """The warm process of one run. It ends with `end`, or by itself when this process is gone."""

    def __init__(self):
        self.process, self.folder = None, None

    def begin(self, jobs: int) -> None:
        """Start it for so many jobs of this machine, whose commands then go through it.

        A process that is there already, for runs of any size, is named by its socket in the
        environment variable FLOWCHECK_WARM_SOCKET: the tests, hundreds of short runs, have one.
        """
        # Elsewhere than on Linux, what the system's own libraries start survives no fork.
        if sys.platform != "linux":
            return
        path = os.environ.get("FLOWCHECK_WARM_SOCKET") or (jobs >= WORTH_IT and self._start())
        if not path:
            return
        client = [sys.executable, "-IS", str(SCRIPTS / "warm_client.py"), path]
        # `exec`, so that what Snakemake ends is the client, and not a shell around it.
        before = shell._process_prefix or "set -euo pipefail; "  # Snakemake's own, if there is none
        command = f"{before}exec {shlex.join(client)} "
        shell.prefix(command.replace("{", "{{").replace("}", "}}"))

    def _start(self) -> str | None:
        """A new process's socket; None if there is nowhere to put it."""
        try:  # a short path, and nobody else's: a socket's may have about a hundred characters
            self.folder = Path(tempfile.mkdtemp(prefix="flowcheck-warm-"))
        except OSError:  # nowhere to write: the steps that need to will say so
            return None
        atexit.register(self.end)  # after Ctrl-C, no rule's handler is called
        path = str(self.folder / "socket")
        self.process = subprocess.Popen(
            [sys.executable, str(SCRIPTS / "warm_process.py"), path, str(os.getpid())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return path

    def end(self) -> None:
        """End it, and wait for that: its processor time counts as ours."""
        if self.process:
            self.process.terminate()
            self.process.wait()
            shutil.rmtree(self.folder, ignore_errors=True)
            self.process = None

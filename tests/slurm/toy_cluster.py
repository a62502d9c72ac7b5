"""A SLURM of one node with one GPU that is none, for as long as a test session lasts.

The configuration has to be /etc/slurm/slurm.conf: Snakemake's plugin passes no other on to its
jobs. All else lies in one temporary folder. The three daemons are this process's children.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

CONFIG = Path("/etc/slurm/slurm.conf")
GPUS = Path("/etc/slurm/gres.conf")
DAEMONS = ("munged", "slurmctld", "slurmd")
MARK = "# Made by flowcheck's SLURM test, removed when it ends. Process and folder:"
# Seconds. Coming up takes 5 to 10 on an idle machine; these bounds only end a wait that is lost.
START_LIMIT, STOP_LIMIT = 60, 30

# Everything runs as root, without control groups or accounting, which containers lack. The node
# claims more processors and memory than it may have (config_overrides), so that the GPU alone
# keeps training jobs apart. MinJobAge: finished jobs stay on show until the test has read them.
SLURM_CONF = """\
{mark}
ClusterName=flowcheck
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort=16817
SlurmdPort=16818
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/slurmctld.state
SlurmdSpoolDir={folder}/slurmd.state
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerParameters=bf_interval=2,sched_interval=2
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
MinJobAge=3600
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 CPUs=4 RealMemory=32000 Gres=gpu:1 State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
PartitionName=gpu Nodes={host} MaxTime=INFINITE State=UP
"""
# A GPU is any character device to SLURM.
GRES_CONF = """\
{mark}
AutoDetect=off
NodeName={host} Name=gpu File={folder}/nvidia0
"""


class Refused(RuntimeError):
    """This machine cannot have the test's cluster; the message says why and what to do."""


class ToyCluster:
    """start(), use SLURM's commands, stop(). Raises Refused rather than touch another SLURM."""

    def __init__(self):
        self.folder = None
        self.children = []

    def start(self):
        refuse_unless_free()
        self.folder = Path(tempfile.mkdtemp(prefix="flowcheck-slurm-"))
        self._configure()
        self._spawn(
            "munged",
            "--foreground",
            "--force",
            f"--socket={self.folder}/munge.socket",
            f"--key-file={self.folder}/munge.key",
            f"--pid-file={self.folder}/munged.pid",
            f"--seed-file={self.folder}/munge.seed",
            f"--log-file={self.folder}/munged.log",
        )
        self._wait_for("munged", lambda: (self.folder / "munge.socket").exists())
        self._spawn("slurmctld", "-D")
        self._wait_for("slurmctld", lambda: "is UP" in output_of("scontrol", "ping"))
        self._spawn("slurmd", "-D")
        self._wait_for("slurmd", lambda: output_of("sinfo", "-h", "-o", "%T").strip() == "idle")

    def stop(self):
        """End all jobs and daemons, and leave no file. Safe to call at any stage."""
        if self.folder is None:
            return
        try:
            if len(self.children) == len(DAEMONS):
                output_of("scancel", "--user=root")
                wait_until(lambda: not output_of("squeue", "-h").strip(), STOP_LIMIT)
        finally:
            for child in reversed(self.children):
                end(child)
            remove_files(self.folder)
            self.folder = None

    def jobs(self):
        """Every job of this cluster, finished ones too: SLURM's own record, field by field."""
        records = output_of("scontrol", "--oneliner", "show", "job").splitlines()
        pairs = [[part.partition("=") for part in record.split(" ")] for record in records]
        return [{name: value for name, _, value in fields} for fields in pairs if len(fields) > 1]

    def _configure(self):
        self.folder.chmod(0o755)
        for name in ("slurmctld.state", "slurmd.state"):
            (self.folder / name).mkdir()
        (self.folder / "munge.key").write_bytes(os.urandom(1024))
        (self.folder / "munge.key").chmod(0o600)
        (self.folder / "nvidia0").symlink_to("/dev/null")
        mark = f"{MARK} {os.getpid()} {self.folder}"
        CONFIG.parent.mkdir(exist_ok=True)
        for path, text in ((GPUS, GRES_CONF), (CONFIG, SLURM_CONF)):
            values = {"mark": mark, "host": socket.gethostname(), "folder": self.folder}
            path.write_text(text.format(**values))

    def _spawn(self, name, *options):
        # A session of its own: Ctrl-C reaches the test, which then stops the daemons in order.
        with open(self.folder / f"{name}.out", "wb") as log:
            child = subprocess.Popen(
                [name, *options], stdout=log, stderr=log, start_new_session=True
            )
        self.children.append(child)
        with open(self.folder / "pids", "a") as pids:
            pids.write(f"{child.pid} {name}\n")

    def _wait_for(self, name, ready):
        child = self.children[-1]
        wait_until(lambda: child.poll() is not None or ready(), START_LIMIT)
        if child.poll() is not None or not ready():
            said = (self.folder / f"{name}.out").read_text(errors="replace")[-2000:]
            raise Refused(f"{name} did not come up within {START_LIMIT} s. It said:\n{said}")


def refuse_unless_free():
    """Clear what a killed test left behind. Raise Refused if there is any other SLURM."""
    missing = [name for name in DAEMONS if shutil.which(name) is None]
    if missing or os.getuid() != 0:
        raise Refused(
            f"the SLURM test needs root and {', '.join(DAEMONS)} (missing: {missing or 'none'}): "
            "run `make test-slurm` as root on Debian, for example in a container"
        )
    if "SLURM_CONF" in os.environ:
        raise Refused("SLURM_CONF is set: this machine has a SLURM, which the test leaves alone")
    for path in (CONFIG, GPUS):
        if path.exists():
            clear_leftover(path)
    running = [
        name for pid in Path("/proc").glob("[0-9]*") if (name := command(pid.name)) in DAEMONS
    ]
    if "slurmctld" in running or "slurmd" in running:
        raise Refused(f"{running} run here already: the test leaves another SLURM alone")
    try:
        socket.gethostbyname(socket.gethostname())
    except OSError:
        raise Refused(
            f"this machine's name, {socket.gethostname()}, has no address: name it in /etc/hosts"
        ) from None


def clear_leftover(path):
    """Remove the cluster of a test that was killed; refuse if the file is not a test's own."""
    first = path.read_text(errors="replace").partition("\n")[0]
    if not first.startswith(MARK):
        raise Refused(f"{path} is not the test's own: this machine has a SLURM, left as it is")
    owner, folder = first.removeprefix(MARK).split(maxsplit=1)
    if command(owner):
        raise Refused(
            f"another SLURM test runs on this machine, process {owner}: wait for its end. If that "
            f"process is something else, remove {path}"
        )
    pids = Path(folder) / "pids"
    for line in pids.read_text().splitlines() if pids.exists() else ():
        pid, name = line.split()
        if command(pid) == name:
            os.kill(int(pid), signal.SIGTERM)
            wait_until(lambda pid=pid: not command(pid), STOP_LIMIT)
    remove_files(Path(folder))


def remove_files(folder):
    for path in (CONFIG, GPUS):
        if path.exists() and path.read_text().startswith(MARK):
            path.unlink()
    if folder.name.startswith("flowcheck-slurm-"):
        shutil.rmtree(folder, ignore_errors=True)


def command(pid):
    """The name of the program that a process runs; empty if it is gone or only not yet buried."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    name, _, rest = state.partition("(")[2].rpartition(")")
    return "" if rest.split()[0] == "Z" else name


def end(child):
    child.terminate()
    try:
        child.wait(STOP_LIMIT)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def wait_until(condition, limit):
    deadline = time.monotonic() + limit
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.2)


def output_of(*words):
    """What a SLURM command prints; empty where it fails, as all do until the daemons are up."""
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    return done.stdout if done.returncode == 0 else ""

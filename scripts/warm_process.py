"""A process that has loaded the slow packages, from which the steps of a run are forked.

    python warm_process.py SOCKET PARENT

Half of a small step's time goes into importing PyTorch, SciPy and Matplotlib, and much of the rest
into taking them apart at its end. They are loaded here once; each step is then a fork of this
process, which starts and ends in milliseconds and shares its memory.
None of our own modules is loaded, so a step runs the code that is on disk when it starts.

The socket appears when everything is loaded. Until then, and where this process has ended,
`warm_client.py` starts a step the ordinary way. It ends when its parent, the process with the id
PARENT, has ended.
"""

import atexit
import contextlib
import gc
import json
import os
import signal
import socket
import sys
import threading

import one_thread

# What steps import. None of it starts a thread, which a fork would lose.
import arviz_stats.base
import matplotlib.figure
import pandas
import scipy.optimize
import snakemake.script
import torch


def main(path: str, parent: int) -> str | None:
    """Serve until the parent ends (None), or until this is a fork with a script to run."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the steps; we end with Snakemake
    connections: dict[int, socket.socket] = {}
    signal.signal(signal.SIGCHLD, lambda *_: _reap(connections))
    # No collection in a fork looks at what is loaded, which would copy the memory that it shares.
    gc.collect()
    gc.freeze()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{path}.new")
        listener.listen(128)
        listener.settimeout(1)
        os.rename(f"{path}.new", path)
        while os.getppid() == parent:
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            script = _fork(connection, connections)
            if script:
                return script
    with contextlib.suppress(OSError):  # killed outright, the parent has left its folder behind
        os.unlink(path)
        os.rmdir(os.path.dirname(path))
    return None


def _fork(connection: socket.socket, connections: dict[int, socket.socket]) -> str | None:
    """In the fork, which is made ready for it: the script of the request. Here: None."""
    connection.settimeout(10)
    try:
        request, descriptors = _receive(connection)
    except (OSError, ValueError):  # the client has gone
        connection.close()
        return None
    connection.settimeout(None)
    # The step may end before it is in the table, where _reap looks for it.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    pid = os.fork()
    if pid:
        connections[pid] = connection
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        for descriptor in descriptors:
            os.close(descriptor)
        return None
    for other in connections.values():
        other.close()
    for ours, given in enumerate(descriptors):
        os.dup2(given, ours)
        os.close(given)
    # As when Python starts: the objects that are there remember another file, which could seek.
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace", closefd=False)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    script = request["script"]
    sys.argv, sys.path[0] = [script], os.path.dirname(script)
    threading.Thread(target=_end_with, args=(connection,), daemon=True).start()
    return script


def _receive(connection: socket.socket) -> tuple[dict, list[int]]:
    """A request, and the descriptors 0, 1 and 2 that the step is to have."""
    _, descriptors, _, _ = socket.recv_fds(connection, 1, 3)
    with connection.makefile("rb") as lines:
        return json.loads(lines.readline()), descriptors


def _end_with(connection: socket.socket) -> None:
    """End this step when Snakemake has ended its client."""
    while connection.recv(1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _reap(connections: dict[int, socket.socket]) -> None:
    """Tell the clients of the steps that have ended how they ended."""
    while connections:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        # The client may have been ended: that is nothing to say more about.
        with connections.pop(pid) as connection, contextlib.suppress(OSError):
            connection.sendall(str(os.waitstatus_to_exitcode(status)).encode())


def _end_at_once() -> None:
    """Do all that is registered for the end, and leave what is loaded as it is: to take that apart,
    object by object, takes up to a second."""
    atexit.unregister(_end_at_once)
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(0)


if __name__ == "__main__":
    _script = main(sys.argv[1], int(sys.argv[2]))
    if _script:
        # As Python itself would: in this module, under the names that it gives a script.
        __file__ = _script
        with open(_script, "rb") as _file:
            exec(compile(_file.read(), _script, "exec"))
        atexit.register(_end_at_once)

"""Run a step as a fork of the warm process, or by itself where that cannot be reached.

    python warm_client.py SOCKET PYTHON SCRIPT

Snakemake sees this process in the step's place: it has the step's output and exit status, and takes
the step with it when it is ended.
"""

import json
import os
import signal
import socket
import sys


def main(path: str, python: str, *arguments: str) -> int:
    """The exit status of the step; does not return where it runs by itself."""
    # Another Python, or something else than one script, is none of the warm process's business.
    if python == sys.executable and len(arguments) == 1:
        status = _forked(path, arguments[0])
        if status is not None:
            return status
    os.execvp(python, [python, *arguments])


def _forked(path: str, script: str) -> int | None:
    """The exit status of the script in a fork; None if there was none."""
    if None in (sys.stdin, sys.stdout, sys.stderr):  # one that the user's shell has closed
        return None
    request = {"script": script, "folder": os.getcwd(), "environment": dict(os.environ)}
    line = f"{json.dumps(request)}\n".encode()
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(path)
            socket.send_fds(connection, [b" "], [0, 1, 2])  # they travel with a byte at least
            connection.sendall(line)
        except OSError:  # it is not there, or not yet
            return None
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the step too, which then ends
        try:
            status = int(connection.recv(16))
        except (OSError, ValueError):
            print("the warm process has ended", file=sys.stderr)
            return 1
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

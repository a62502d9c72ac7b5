"""End a process without taking apart, object by object, all that it has loaded: up to a second.

Import this before anything that registers functions for the end of the process. They are called in
reverse, and the one that is registered here ends it.
"""

import atexit
import os
import sys

_done = []


def all_is_done() -> None:
    """Nothing has failed: once all other registered functions have been called, end at once."""
    _done.append(True)


def _end() -> None:
    if _done:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(0)


atexit.register(_end)

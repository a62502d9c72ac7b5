"""Freed memory stays with the process, in fresh processes: the setting is the whole process's."""

import platform
import subprocess
import sys

import pytest

from flowcheck import memory
from tests.repository import ROOT

PAGES = """
import resource
import numpy as np
from flowcheck.memory import keep_freed_memory

if {keep}:
    assert keep_freed_memory()

def work():
    arrays = [np.zeros(1_000_000) for _ in range(4)]
    for array in arrays:
        array += 1

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

work()
work()
before = faults()
for _ in range(10):
    work()
print(faults() - before)
"""


def faults(keep):
    done = subprocess.run(
        [sys.executable, "-c", PAGES.format(keep=keep)],
        env={"PYTHONPATH": str(ROOT / "scripts")},
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library has no such setting")
def test_freed_memory_is_used_again():
    # 4 arrays of 8 MB are some 8,000 pages of 4 kB; ten times that many are handed out anew unless
    # kept. A hundredth leaves room for what Python itself does.
    assert faults(keep=True) < faults(keep=False) / 100


@pytest.mark.parametrize("error", [AttributeError, OSError, TypeError])
def test_a_library_without_the_setting_is_left_alone(error, monkeypatch):
    def absent(name):
        raise error

    monkeypatch.setattr(memory.ctypes, "CDLL", absent)
    assert not memory.keep_freed_memory()

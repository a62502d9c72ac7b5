"""One process per library, pinned to its cores before anything is imported in it.

A library's thread pool is as large as the cores it may use, so a process allowed on one core has
one thread at work, whoever keeps the pool: PyTorch, OpenMP, BLAS or XLA. The environment variables
say so once more, for systems that cannot pin.
"""

import importlib
import multiprocessing
import os
import resource
import sys
import time
from contextlib import contextmanager

from flowcheck.memory import keep_freed_memory

POOLS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
# Where PyTorch keeps compiled code.
CACHE = "TORCHINDUCTOR_CACHE_DIR"
XLA = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
CAN_PIN = hasattr(os, "sched_setaffinity")
CORES = sorted(os.sched_getaffinity(0), reverse=True) if CAN_PIN else []


def cores(threads: int, first: int = 0) -> set[int]:
    """`threads` cores, counted down from the last: a system's own work tends to go to the first.

    first: how many to pass over.
    """
    start = first % len(CORES)
    return set((CORES[start:] + CORES[:start])[:threads])


@contextmanager
def pinned(threads: int, first: int, bound: bool):
    """Processes started in here may use `threads` cores; bound: one for each of their threads."""
    changed = dict.fromkeys(POOLS, str(threads))
    if threads == 1:
        changed["XLA_FLAGS"] = XLA
    if bound:
        changed["OMP_PROC_BIND"] = "true"
    kept = dict(os.environ)
    os.environ.update(changed)
    try:
        if CAN_PIN:
            os.sched_setaffinity(0, cores(threads, first))
        yield
    finally:
        if CAN_PIN:
            os.sched_setaffinity(0, CORES)
        for name in changed:
            del os.environ[name]
        os.environ.update({name: kept[name] for name in changed if name in kept})


class Home:
    """A library's process, seen from outside: it answers one request at a time."""

    def __init__(self, threads: int, first: int = 0, bound: bool = False):
        context = multiprocessing.get_context("spawn")
        self._ours, theirs = context.Pipe()
        with pinned(threads, first, bound):
            self._process = context.Process(target=_serve, args=(theirs, threads), daemon=True)
            self._process.start()
        theirs.close()

    def ask(self, request: str, *arguments):
        """The answer to a request, as `_answer` has it. Raises RuntimeError with its error."""
        self._ours.send((request, *arguments))
        try:
            worked, answer = self._ours.recv()
        except EOFError:
            raise RuntimeError(f"the process ended during {request} {arguments[:2]}") from None
        if not worked:
            raise RuntimeError(answer)
        return answer

    def close(self) -> None:
        """End the process."""
        self._ours.close()
        self._process.join(timeout=10)
        if self._process.is_alive():
            self._process.terminate()


def cpu_seconds() -> float:
    """What this process has used of all cores, user and system, compilers it ran included."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _serve(connection, threads: int) -> None:
    """Answer requests until the other end closes."""
    keep_freed_memory()  # as flowcheck's own steps do, and the same for all
    runners = {}
    while True:
        try:
            request, *arguments = connection.recv()
        except EOFError:
            return
        try:
            answer = _answer(runners, threads, request, *arguments)
        except Exception as error:  # whoever asked decides what it means
            connection.send((False, f"{type(error).__name__}: {error}"))
        else:
            connection.send((True, answer))


def _answer(runners: dict, threads: int, request: str, *arguments):
    """build: (chunk, seconds up to the first chunk's end); run: (seconds, report); settle: None.

    whole: (CPU seconds of one run of what is built for it alone, report).
    """
    if request == "settle":
        return _settle(threads)
    if request == "whole":
        module, parameters = arguments
        runner = _import_build(module, threads)(**parameters)
        began = cpu_seconds()
        runner.run()
        return cpu_seconds() - began, runner.report()
    key, *rest = arguments
    if request == "build":
        module, parameters = rest
        build = _import_build(module, threads)
        began = time.perf_counter()
        runners[key] = build(**parameters)
        chunk = getattr(runners[key], "chunk", 1)
        runners[key].run(chunk)
        return chunk, time.perf_counter() - began
    began = time.perf_counter()
    runners[key].run(*rest)
    seconds = time.perf_counter() - began
    return seconds, getattr(runners[key], "report", dict)()


def _import_build(module: str, threads: int):
    """A module's `build`, with its libraries imported.

    Every user of PyTorch flushes subnormal numbers, as flowcheck's steps do and XLA does by itself.
    """
    build = importlib.import_module(module).build
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(threads)
        torch.set_flush_denormal(True)
    return build


def _settle(threads: int) -> None:
    """Move all of this process to the last cores: all contenders are raced on the same ones.

    One that may use every core is where it should be.
    """
    if CAN_PIN and threads < len(CORES):
        for thread in os.listdir("/proc/self/task"):
            os.sched_setaffinity(int(thread), cores(threads))

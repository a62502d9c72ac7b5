"""Compiling a training step, where that pays: `torch.compile` with a rule, and a way back.

A training step in eager mode spends most of its time between operations, not in them. Compiled, its
elementwise operations are fused into a few loops of C++. What it computes is the same to rounding.
"""

import os
import shlex
import shutil
import sysconfig
import types
from collections.abc import Callable
from pathlib import Path

import torch

from flowcheck import compile_cache

# What may stand before a compiler in CXX; PyTorch takes one program's name alone.
LAUNCHERS = ("ccache", "sccache", "distcc", "icecc", "env", "nice")
# A cold compilation takes 15 to 25 seconds of one core (ten more where there has been none before)
# and saves half a millisecond (planar) to one or more (RealNVP) for each iteration of a replicate:
# at this many it is paid for, and later jobs take the code from the cache.
WORTH = 40_000
# Code for the processor.
CPU_OPTIONS = {
    # A program in C++ that calls the loops, not one in Python: a step then takes a third less.
    "cpp_wrapper": True,
    # Its own text and the loops' apart: only the loops are worth the compiler's best efforts.
    "cpp_wrapper_build_separate": True,
    # The processor's flags say which instructions it has: to try each set takes ten seconds more.
    "cpp.vec_isa_ok": True,
}


def pays(iterations: int, replicates: int, device: torch.device) -> bool:
    """Whether to compile: a fixed rule, never a measured time, so that a study is reproducible.

    True for iterations x replicates of at least `WORTH`, where something can compile.
    """
    return iterations * replicates >= WORTH and (device.type == "cuda" or has_compiler())


def has_compiler() -> bool:
    """Whether there is a C++ compiler, and Python's headers, which the generated code includes."""
    header = Path(sysconfig.get_paths()["include"]) / "Python.h"
    return compiler() is not None and header.is_file()


def compiler() -> str | None:
    """The C++ compiler that CXX names, or g++, whatever launcher or options CXX adds; None if it
    is not there."""
    try:
        words = shlex.split(os.environ.get("CXX", ""))
    except ValueError:  # an open quote
        return None
    named = [word for word in words if Path(word).name not in LAUNCHERS and "=" not in word]
    wanted = named[0] if named else "g++"
    return wanted if shutil.which(wanted) else None


def compile_fixed(function: Callable, device: torch.device, all_alike: bool = False) -> Callable:
    """`function`, compiled at its first call, for arguments of fixed shapes on `device`.

    all_alike: the caller promises that the arguments of all calls have the first one's shapes,
    strides and types. Otherwise that is checked at each, and what differs is compiled again; with a
    tensor for each layer of a flow, the checks alone take up to a tenth of a training step.
    It may take gradients: forward and backward pass are then compiled as one, and what the backward
    pass needs is kept or computed again as the compiler sees fit.
    """
    compile_cache.move_headers(compile_cache.prepare())
    torch._dynamo.config.trace_autograd_ops = True
    if device.type == "cpu" and (found := compiler()):
        torch._inductor.config.cpp.cxx = (None, found)
    options = dict(CPU_OPTIONS) if device.type == "cpu" else {}
    if all_alike:
        # What was compiled is found by the function's code, which other closures share: without
        # checks it must be this one's alone.
        function = types.FunctionType(
            function.__code__.replace(), function.__globals__, closure=function.__closure__
        )
        options["guard_filter_fn"] = torch.compiler.skip_all_guards_unsafe
    return torch.compile(function, fullgraph=True, dynamic=False, options=options)


def or_else(compiled: Callable, eager: Callable, report: Callable[[str], None]) -> Callable:
    """A function that calls `compiled`; if its first call fails, `eager`, from then on.

    Compilation happens at the first call, and what can go wrong with it (a full disk, a compiler
    without its headers) is unpredictable. `report` is told in one line. Neither may change
    its arguments before it can no longer fail: the first call's may be used twice.
    """
    chosen = None

    def call(*arguments):
        nonlocal chosen
        if chosen is None:
            try:
                result = compiled(*arguments)
            except Exception as error:  # where the computation itself is wrong, eager says so
                reason = (str(error).splitlines() or [""])[0]
                report(f"not compiled, goes on in eager mode: {type(error).__name__}: {reason}")
                chosen = eager
            else:
                chosen = compiled
                return result
        return chosen(*arguments)

    return call

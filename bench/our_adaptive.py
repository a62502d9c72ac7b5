"""flowcheck's self-tuning Hamiltonian Monte Carlo at its defaults, on the gallery's posteriors."""

import torch

from bench.chains import effective
from bench.process import cpu_seconds
from flowcheck import adaptation
from flowcheck.evaluating import starts
from flowcheck.targets import make_target, read_data


class Ours:
    """One whole run; whether it is compiled is flowcheck's own rule."""

    def __init__(self, posterior: str):
        self.target = make_target(posterior, read_data(posterior, None, None), {})
        self.compile_seconds, self.compiled = 0.0, adaptation.compiled
        adaptation.compiled = self._timed

    def run(self) -> None:
        """Starts, warm-up and draws of all chains."""
        settings, density = adaptation.Settings(), self.target.value_and_gradient
        generator = torch.Generator().manual_seed(0)
        init = starts(density, lambda: self.target.starts(settings.chains, generator))
        self.kept = adaptation.sample(density, init, settings, generator).theta.numpy()

    def _timed(self, *arguments):
        began = cpu_seconds()
        trajectory = self.compiled(*arguments)
        self.compile_seconds += cpu_seconds() - began
        return trajectory

    def report(self) -> dict:
        """Effective draws, and the CPU seconds of them that went into compiling."""
        return {"effective": effective(self.kept), "compile_seconds": self.compile_seconds}


def build(posterior: str) -> Ours:
    """See whole.Run."""
    return Ours(posterior)

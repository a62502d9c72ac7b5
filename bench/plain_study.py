"""The plain loop on all three flows, one after another in one process."""

from bench import problem
from bench.plain_loop import Loop


class Loops:
    """A run is so many iterations of each flow: a study's time, in proportion."""

    def __init__(self):
        self.loops = [Loop(flow) for flow in problem.FLOWS]

    def run(self, count: int) -> None:
        """`count` iterations of each."""
        for loop in self.loops:
            loop.run(count)


def build() -> Loops:
    """See contender.Runner."""
    return Loops()

"""What is raced: a module that builds something with `run(count)`, and what its row says."""

from dataclasses import dataclass, field
from typing import Protocol


class Runner(Protocol):
    """What a contender's module builds.

    `chunk`, 1 unless given, divides every count: a loop compiled for so many steps at once.
    `report()`, if there is one, is called off the clock after each repetition, and its "factor"
    multiplies the rate: effective draws per draw, say. Its other entries are kept as they are.
    """

    def run(self, count: int) -> None:
        """Do `count` iterations, draws or epochs, and return when they are done."""


@dataclass(frozen=True)
class Contender:
    """One row. `module` has a function build(**arguments) -> Runner.

    worth: how many units one count is worth, such as replicates. floor: the rate, in the same
    unit, if only the arithmetic took time. process: those that share it share one process. count:
    of each repetition; None lets a first trial choose it. bound: each thread to a core of its own,
    where else the system now and then leaves two on one for seconds.
    """

    task: str
    flow: str
    contender: str
    variant: str
    module: str
    arguments: dict = field(hash=False)
    unit: str = "iterations/s"
    worth: float = 1.0
    replicates: int = 1
    threads: int = 1
    floor: float | None = None
    process: str = ""
    bound: bool = False
    count: int | None = None
    note: str = ""

    @property
    def home(self) -> tuple[str, int]:
        """Which process it runs in: its library's, for its number of threads."""
        return self.process or self.contender, self.threads

    @property
    def name(self) -> str:
        """For the log."""
        return f"{self.task} {self.flow}: {self.contender}, {self.variant} x{self.replicates}"

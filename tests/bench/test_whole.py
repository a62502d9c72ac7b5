"""Whole runs: a process each, CPU seconds, with and without compiling."""

import os
import time

from bench import nuts, whole
from bench.contender import Contender
from bench.measure import Plan
from bench.process import CACHE, cpu_seconds

# A module that tests can have: this one, by its name among the tests.
MODULE = "tests.bench.test_whole"
WORK = 0.3


def spend(seconds: float) -> None:
    end = cpu_seconds() + seconds
    while cpu_seconds() < end:
        pass


class Runner:
    """Spends CPU time and sleeps; half of what it spends is said to be compiling."""

    def run(self):
        time.sleep(WORK)  # takes no CPU
        spend(WORK)

    def report(self):
        spend(WORK)  # off the clock
        assert os.listdir(os.environ[CACHE]) == []
        return {"effective": 30.0, "compile_seconds": WORK / 2}


def build(fails: bool) -> Runner:
    if fails:
        raise ValueError("no such thing")
    return Runner()


def contender(name: str, fails: bool) -> Contender:
    return Contender("nuts", "radon", name, "NUTS", MODULE, {"fails": fails}, "draws/CPU s")


def test_cpu_seconds_with_compiling_and_without():
    lines = []
    given = [contender("numpyro", False), contender("nobody", True)]
    found = whole.measure(given, Plan(repetitions=2, seconds=0.0), lines.append)
    counted, uncounted = found
    assert (counted.contender.task, uncounted.contender.task) == ("nuts", "nuts, compiled before")
    assert len(counted.rates) == len(uncounted.rates) == 2
    # 30 draws in 0.3 CPU seconds, of which 0.15 compile; a slow machine adds a little to the first.
    assert 60 < counted.rate <= 100
    assert 80 < uncounted.rate <= 200
    assert uncounted.rate > 1.3 * counted.rate
    assert counted.compile_seconds == WORK / 2
    assert any(line.startswith("left out, nuts radon: nobody") for line in lines)


def test_the_cache_of_compiled_code_is_as_it_was(monkeypatch):
    monkeypatch.setenv(CACHE, "/somewhere")
    whole.measure([contender("nobody", True)], Plan(1, 0.0), lambda line: None)
    assert os.environ[CACHE] == "/somewhere"
    monkeypatch.delenv(CACHE)
    whole.measure([contender("nobody", True)], Plan(1, 0.0), lambda line: None)
    assert CACHE not in os.environ


def test_each_posterior_is_raced_by_all():
    raced = {(one.flow, one.contender) for one in nuts.contenders(quick=False)}
    names = ("flowcheck", *nuts.PEERS)
    assert raced == {(posterior, name) for posterior in nuts.POSTERIORS for name in names}

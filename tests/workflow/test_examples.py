"""The examples run, in a process of their own, on what a study has made."""

import subprocess
import sys

from tests.repository import ROOT, environment

FLOW = "banana/flows/realnvp/model.safetensors"


def said_by(example: str, *arguments) -> str:
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / example, *arguments],
        env=environment(PYTHONPATH=str(ROOT / "scripts"), OMP_NUM_THREADS="1"),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_trained_flow_is_loaded_and_drawn_from(study):
    said = said_by("load_a_flow.py", study.checkout.results / FLOW)
    assert "realnvp" in said
    assert "trained on 'banana'" in said
    assert said.count("entropy of replicate") == 2
    assert "log q(0) = -" in said


def test_a_flow_is_trained_from_python():
    lines = said_by("train_a_flow.py").splitlines()
    assert len(lines) == 2
    for line in lines:
        # A bound on what any seed reaches in these iterations: untrained, it is 3/8 nats.
        assert float(line.split()[6]) < 0.05


def test_every_table_and_the_chains_are_read(study):
    said = said_by("read_results.py", study.checkout.results)
    for path in study.checkout.results.rglob("*.csv"):
        assert f"{path.relative_to(study.checkout.results)}: " in said
    for chains in ("short.nc", "long.nc"):
        assert f"banana/hmc/{chains}: {{'chain'" in said
    assert "mean of theta" in said
    assert "long.json: passed" in said

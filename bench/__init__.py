"""The bench: flowcheck beside a plain loop and other libraries, in one run on one machine."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

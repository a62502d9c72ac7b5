"""flowcheck: variational approximations compared with the truth they approximate.

From Python, `flowcheck.load("model.safetensors")` gives a trained flow to draw from and to score;
`flowcheck.flows`, `flowcheck.training` and the rest are the parts that the workflow is made of.
"""

from importlib import import_module

# Found when they are asked for: importing this package imports nothing else, so that a step of the
# workflow depends on the modules that it uses and on no other. The types are in __init__.pyi.
_FOUND_IN = {"load": "flowcheck.loading", "TrainedFlow": "flowcheck.loading"}


def __getattr__(name: str):
    if name in _FOUND_IN:
        return getattr(import_module(_FOUND_IN[name]), name)
    raise AttributeError(f"module 'flowcheck' has no attribute '{name}'")

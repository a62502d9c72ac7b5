"""Where tensors live: the config's device, resolved once and reported."""

import platform

import torch


def resolve(wanted: str) -> torch.device:
    """The torch device for "auto", "cpu" or "cuda".

    Raises RuntimeError if cuda is asked for and there is none.
    """
    available = torch.cuda.is_available()
    if wanted == "cuda" and not available:
        raise RuntimeError(
            "the config asks for `device: cuda`, but torch finds no GPU here; set `device: auto`"
        )
    return torch.device("cuda" if available and wanted != "cpu" else "cpu")


def describe(device: torch.device) -> str:
    """The device's name for a report, e.g. "cuda: NVIDIA H200" or "cpu: x86_64"."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    return f"{device.type}: {name}"

"""The device asked for is the device got, or an error."""

import pytest
import torch

from flowcheck.device import describe, resolve


@pytest.mark.parametrize(
    ("wanted", "available", "got"),
    [
        ("auto", False, "cpu"),
        ("auto", True, "cuda"),
        ("cpu", True, "cpu"),
        ("cpu", False, "cpu"),
        ("cuda", True, "cuda"),
    ],
)
def test_resolved(monkeypatch, wanted, available, got):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: available)
    assert resolve(wanted) == torch.device(got)


def test_cuda_without_a_gpu_is_an_error_with_a_mend(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(RuntimeError, match="no GPU here; set `device: auto`"):
        resolve("cuda")


def test_described():
    assert describe(torch.device("cpu")).startswith("cpu: ")

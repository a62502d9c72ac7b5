"""Noise drawn in chunks is the noise that transitions would draw one by one."""

import pytest
import torch

from flowcheck import noise


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(5)


def one_by_one(count, theta, generator, jitter):
    shape = {"generator": generator, "dtype": theta.dtype}
    for _ in range(count):
        uniform = torch.rand(len(theta), 1, **shape) if jitter else None
        yield uniform, torch.randn(theta.shape, **shape), torch.rand(len(theta), **shape).log()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("jitter", [False, True])
@pytest.mark.parametrize("momenta", [1_000_000, 3 * 4 * 7, 1])  # 100, 7 and 1 in a chunk
def test_chunks_change_no_number(monkeypatch, momenta, jitter, dtype):
    monkeypatch.setattr(noise, "MOMENTA", momenta)
    theta, ours, theirs = torch.zeros(3, 4, dtype=dtype), seeded(), seeded()
    found = list(noise.stream(230, theta, ours, jitter))
    assert len(found) == 230
    for one, other in zip(found, one_by_one(230, theta, theirs, jitter), strict=True):
        assert (one.jitter is None) == (not jitter)
        for mine, expected in zip(one, other, strict=True):
            if expected is not None:
                assert mine.dtype == dtype
                assert torch.equal(mine, expected)
    assert torch.equal(ours.get_state(), theirs.get_state())  # nothing drawn beyond them


def test_a_chunk_is_drawn_when_it_is_asked_for():
    generator = seeded()
    stream = noise.stream(10, torch.zeros(3, 4), generator, jitter=False)
    assert torch.equal(generator.get_state(), seeded().get_state())
    next(stream)
    assert not torch.equal(generator.get_state(), seeded().get_state())

"""Seeds come from names."""

import pytest
import torch

from flowcheck.seeds import generators_for, seed_for


def test_seed_is_fixed_for_ever():
    # The first 63 bits of the SHA-256 of "2022\x1fbanana\x1fnice\x1f0". A change here would
    # change every number of every study.
    assert seed_for(2022, "banana", "nice", 0) == 1109952317397539485


def test_seed_fits_every_generator():
    for n in range(1000):
        seed = seed_for(0, n)
        assert 0 <= seed < 2**63
    torch.Generator().manual_seed(seed)


def test_each_part_matters():
    seeds = [
        seed_for(1, "a", "b"),
        seed_for(2, "a", "b"),
        seed_for(1, "b", "a"),
        seed_for(1, "ab"),
        seed_for(1, "a", "b", 0),
        seed_for(1, "a"),
        seed_for(11, "a"),
        seed_for(1, "1", "a"),
    ]
    assert len(set(seeds)) == len(seeds)


def test_generators_do_not_depend_on_how_many_there_are():
    few, many = generators_for(2, 7, "x"), generators_for(5, 7, "x")
    draws = [torch.randn(3, generator=generator) for generator in many]
    for one, expected in zip(few, draws, strict=False):
        assert torch.equal(torch.randn(3, generator=one), expected)
    assert len({tuple(draw.tolist()) for draw in draws}) == 5


@pytest.mark.parametrize("names", [("x",), ("banana", "nice", "draws")])
def test_generators_have_the_seeds_of_their_names(names):
    for r, generator in enumerate(generators_for(3, 7, *names)):
        assert generator.initial_seed() == seed_for(7, *names, r)

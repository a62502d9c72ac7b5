"""Whether draws and log_q belong together: right files of many shapes pass, wrong ones do not."""

import numpy as np
import pytest
from scipy import stats

from flowcheck.approximations.belonging import fault, relation

N = 1000


def normal(rng, dim):
    x = rng.standard_normal((N, dim))
    return x, stats.norm.logpdf(x).sum(1)


def bent(rng, dim):
    x, log_q = normal(rng, dim)
    x[:, 1::2] += (x[:, 0 : 2 * (dim // 2) : 2] ** 2 - 1) if dim > 1 else 0
    return x, log_q


def heavy(rng, dim):
    x = rng.standard_t(3, (N, dim))
    return x, stats.t.logpdf(x, 3).sum(1)


def modes(rng, dim):
    centres, share = np.array([-3.0, 3.0]), np.array([0.3, 0.7])
    x = rng.standard_normal((N, dim)) + rng.choice(centres, N, p=share)[:, None]
    logs = [np.log(w) + stats.norm.logpdf(x, c).sum(1) for c, w in zip(centres, share, strict=True)]
    return x, np.logaddexp(*logs)


def skewed(rng, dim):
    shape = np.linspace(0.5, 4, dim)
    u = np.log(rng.gamma(shape, size=(N, dim)))
    return u, (stats.gamma.logpdf(np.exp(u), shape) + u).sum(1)


SHAPES = [normal, bent, heavy, modes, skewed]


def files(dims, seeds):
    for shape in SHAPES:
        for dim in dims:
            for seed in range(seeds):
                rng = np.random.default_rng([seed, dim])
                draws, log_q = shape(rng, dim)
                scale = np.exp(rng.normal(0, 2, dim))
                jacobian = draws[:, : max(dim // 2, 1)].sum(1)
                # Units must not matter, nor where the draws lie.
                yield shape.__name__, scale * draws + 5, log_q - np.log(scale).sum(), jacobian


RIGHT = list(files([1, 2, 5, 15, 50], 2))


def test_right_files_pass():
    blamed = [(name, one) for name, x, log_q, j in RIGHT if (one := fault(x, log_q, j))]
    # The rate is below 1 %: at that rate two of 50 files are blamed once in eleven times.
    assert len(blamed) <= 1, blamed


def test_rows_in_another_order_do_not():
    rng = np.random.default_rng(0)
    for name, x, log_q, j in RIGHT:
        found = fault(x, rng.permutation(log_q), j)
        assert found is not None, name
        assert found.kind == "rows", name


@pytest.mark.parametrize("sign", [-1, 1])
def test_the_jacobian_of_another_space_does_not(sign):
    found = [fault(x, log_q + sign * j, j) for _, x, log_q, j in files([1, 2, 5], 3)]
    named = sum(one is not None and one.kind == "jacobian" and one.size == sign for one in found)
    assert named >= 0.8 * len(found)
    assert sum(one is not None for one in found) >= 0.85 * len(found)


def test_a_missing_constant_does_not():
    # log_q of a normal density without its (2 pi)^(-dim/2).
    for name, x, log_q, j in RIGHT:
        found = fault(x, log_q + 0.919 * x.shape[1], j)
        assert found is not None, name
        assert found.kind == "constant", name


def test_the_level_is_the_constant_in_few_dimensions():
    for _, x, log_q, j in files([1, 2], 2):
        # The neighbours' noise: 1 / sqrt(10 N) and the edges of a sample of 1000.
        assert relation(x, log_q + 1.7, j).level == pytest.approx(1.7, abs=0.3)


def test_equal_densities_say_nothing_of_the_order():
    rng = np.random.default_rng(0)
    assert fault(rng.random((N, 2)), np.zeros(N), np.zeros(N)) is None

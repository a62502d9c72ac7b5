"""Kernels with exact matrices: two and three states by hand, then the banana on a lattice."""

import math

import mpmath
import numpy as np
import pytest
import torch

from flowcheck import kernels

P3 = np.array([0.5, 0.3, 0.2])


@pytest.fixture(scope="module")
def states(banana):
    return kernels.lattice(
        lambda x: banana.log_density(torch.from_numpy(x)).numpy(),
        np.array([0.4, 0.0]),
        np.array([4.0, 5.0]),
        points=28,
        nats=20.0,
    )


@pytest.fixture(scope="module")
def by_name(states):
    walk = kernels.random_walk(states, 1.5)
    wide = np.exp(-0.5 * np.square(states.x / 2).sum(-1))
    return {
        "random walk": walk,
        "lazy": kernels.lazy(walk),
        "long range": kernels.long_range(states, 1.5),
        "independence": kernels.independence(states.p, wide / wide.sum()),
        "constant": kernels.constant(states.p),
        "identity": np.eye(len(states.p)),
        "reflection": kernels.reflection(states, axis=1),
    }


@pytest.fixture(scope="module")
def start(states):
    values = np.exp(-2 * np.square(states.x - [-0.5, 1.2]).sum(-1))
    return values / values.sum()


MOVING = ["random walk", "lazy", "long range", "independence"]
STILL = ["identity", "reflection"]
ALL = [*MOVING, *STILL, "constant"]


@pytest.mark.parametrize("name", ALL)
def test_rows_are_laws_p_is_kept_and_flows_balance(by_name, states, name):
    kernel, p = by_name[name], states.p
    # Sums over a thousand states of numbers rounded at 1e-16.
    np.testing.assert_allclose(kernel.sum(1), 1.0, atol=1e-13)
    assert (kernel >= -1e-16).all()
    np.testing.assert_allclose(p @ kernel, p, atol=1e-15)
    assert kernels.is_reversible(kernel, p)


def test_a_cycle_keeps_the_uniform_law_and_is_not_reversible():
    cycle = np.roll(np.eye(3), 1, axis=1)
    assert not kernels.is_reversible(cycle, np.full(3, 1 / 3))


@pytest.mark.parametrize("name", ALL)
def test_divergence_never_rises(by_name, states, start, name):
    kl = kernels.contraction(by_name[name], states.p, start, 3000)
    assert (np.diff(kl) <= 0).all()
    assert kl[-1] <= kernels.FLOOR or len(kl) == 3001


@pytest.mark.parametrize("name", STILL)
def test_equality_to_the_last_bit_where_every_state_has_one_predecessor(
    by_name, states, start, name
):
    kl = kernels.contraction(by_name[name], states.p, start, 50)
    assert (kl == kl[0]).all()
    assert kl[0] > 1
    assert kernels.rate(by_name[name]) == pytest.approx(1.0, abs=1e-12)


def test_the_reflection_moves_q_all_the_same(by_name, start):
    assert np.abs(start @ by_name["reflection"] - start).max() > 0.1 * start.max()


def test_a_constant_kernel_reaches_p_in_one_step(by_name, states, start):
    kl = kernels.contraction(by_name["constant"], states.p, start, 50)
    assert kl[0] > 1
    assert len(kl) == 2
    assert kl[1] < kernels.FLOOR


@pytest.mark.parametrize("name", MOVING)
def test_strict_contraction_from_any_other_law(by_name, states, start, name):
    kl = kernels.contraction(by_name[name], states.p, start, 20)
    assert (np.diff(kl) < 0).all()


@pytest.mark.parametrize("name", MOVING)
def test_late_divergence_is_what_the_spectrum_predicts(by_name, states, start, name):
    kernel, p = by_name[name], states.p
    kl = kernels.contraction(kernel, p, start, 3000)
    values, vectors = np.linalg.eigh(np.sqrt(kernel * kernel.T))
    order = np.argsort(-abs(values))
    values, vectors = values[order], vectors[:, order]
    assert values[0] == pytest.approx(1.0, abs=1e-12)
    shares = ((start - p) / np.sqrt(p)) @ vectors[:, 1:]
    # Where KL is 1e-8 the third-order term is 1e-4 of it; by 1e-20 the digits left are six.
    late = np.flatnonzero((kl < 1e-8) & (kl > 1e-20))
    predicted = [0.5 * np.sum(shares**2 * values[1:] ** (2 * int(t))) for t in late[::20]]
    np.testing.assert_allclose(kl[late[::20]], predicted, rtol=1e-2)
    assert kernels.rate(kernel) == pytest.approx(values[1] ** 2, rel=1e-10)


@pytest.mark.parametrize("name", ["random walk", "lazy", "long range"])
def test_the_rate_is_reached(by_name, states, start, name):
    kl = kernels.contraction(by_name[name], states.p, start, 3000)
    late = np.flatnonzero(kl > 1e-22)[-100:]
    seen = (kl[late[-1]] / kl[late[0]]) ** (1 / (len(late) - 1))
    # What is left of the other modes changes the factor's distance from 1 by a percent or so.
    assert 1 - seen == pytest.approx(1 - kernels.rate(by_name[name]), rel=0.03)


def test_second_eigenvalue_of_the_independence_sampler_is_lius():
    proposal = np.array([0.2, 0.3, 0.5])
    kernel = kernels.independence(P3, proposal)
    expected = 1 - (proposal / P3).min()
    assert kernels.rate(kernel) == pytest.approx(expected**2, rel=1e-12)


def test_metropolis_on_two_states_by_hand():
    p = np.array([0.75, 0.25])
    kernel = kernels.metropolis(np.array([[0.0, 1.0], [1.0, 0.0]]), p)
    np.testing.assert_allclose(kernel, [[2 / 3, 1 / 3], [1, 0]], rtol=1e-15)
    # Eigenvalues 1 and -1/3: the rate has the square of the negative one.
    assert kernels.rate(kernel) == pytest.approx(1 / 9, rel=1e-14)
    q1 = np.array([1.0, 0.0]) @ kernel
    by_hand = 2 / 3 * math.log(8 / 9) + 1 / 3 * math.log(4 / 3)
    assert kernels.divergence(q1, p) == pytest.approx(by_hand, rel=1e-14)


def test_asymmetric_proposals_are_corrected():
    proposal = np.array([[0.1, 0.6, 0.3], [0.2, 0.5, 0.3], [0.7, 0.1, 0.2]])
    kernel = kernels.metropolis(proposal, P3)
    assert kernel[0, 1] == pytest.approx(0.3 * 0.2 / 0.5, rel=1e-15)  # min(0.5 0.6, 0.3 0.2) / 0.5
    np.testing.assert_allclose(P3 @ kernel, P3, rtol=1e-15)


def test_divergence_by_hand_with_empty_states():
    assert kernels.divergence(np.array([1.0, 0.0, 0.0]), P3) == pytest.approx(
        math.log(2), rel=1e-15
    )
    assert kernels.divergence(P3, P3) == 0.0


@pytest.mark.parametrize("size", [1e-1, 1e-3, 1e-6, 1e-9, 1e-12])
def test_divergence_keeps_its_digits_near_zero(size):
    p = np.array([0.5, 0.5])
    q = np.array([0.5 + size, 0.5 - size])
    h = 2 * size
    # KL = ((1 + h) log(1 + h) + (1 - h) log(1 - h)) / 2 as a series, which does not cancel.
    series = sum(h ** (2 * j) / (2 * j * (2 * j - 1)) for j in range(1, 20))
    # q itself is rounded at 1e-16, so that h is known to 1e-16 / size.
    assert kernels.divergence(q, p) == pytest.approx(series, rel=1e-13 + 4e-16 / size, abs=0)


def exact_divergence(q, p):
    """In fifty digits, of the floats as they are."""
    with mpmath.workdps(50):
        pairs = [(mpmath.mpf(float(a)), mpmath.mpf(float(b))) for a, b in zip(q, p, strict=True)]
        return float(sum(a * mpmath.log(a / b) - a + b for a, b in pairs))


@pytest.mark.parametrize("h", [9e-4, -9e-4, 3e-4, -3e-4, 1.1e-3, -1.1e-3, 1e-2])
def test_divergence_keeps_its_digits_where_its_terms_do_not_cancel(h):
    # A rare state carries it, so that even and odd powers of h both count. Of the series, the
    # terms to h^4 are 7e-14 of the sum at 9e-4; where the series ends, the difference that
    # takes over has lost six digits of sixteen.
    p = np.array([1 - 2**-20, 2**-20])
    q = np.array([1 - 2**-20 * (1 + h), 2**-20 * (1 + h)])
    rel = 2e-14 if abs(h) < 1e-3 else 1e-9
    assert kernels.divergence(q, p) == pytest.approx(exact_divergence(q, p), rel=rel, abs=0)


def test_the_lattice_of_a_line_by_hand():
    line = kernels.lattice(
        lambda x: -np.abs(x[:, 0] - 1), np.array([1.0]), np.array([2.0]), points=5, nats=1.5
    )
    # The ends are two nats below the peak, and left out.
    assert line.x[:, 0].tolist() == [0, 1, 2]
    assert line.index[:, 0].tolist() == [1, 2, 3]
    e = math.exp(-1)
    np.testing.assert_allclose(line.p, np.array([e, 1, e]) / (1 + 2 * e), rtol=1e-15)


def uniform_line(points):
    index = np.arange(points)[:, None]
    return kernels.Lattice(index.astype(float), index, np.full(points, 1 / points))


def test_steps_on_a_line_by_hand():
    # On a uniform law every proposal is accepted, and what leads outside stays.
    states, scale = uniform_line(3), 1.5
    for make, weight in (
        (kernels.random_walk, lambda r: math.exp(-0.5 * r**2 / scale**2)),
        (kernels.long_range, lambda r: 1 / (1 + r**2 / scale**2)),
    ):
        total = 2 * (weight(1) + weight(2))  # steps of one or two, either way
        one, two = weight(1) / total, weight(2) / total
        expected = [[1 - one - two, one, two], [one, 1 - 2 * one, one], [two, one, 1 - one - two]]
        np.testing.assert_allclose(make(states, scale), expected, rtol=1e-14)


def test_a_lazy_kernel_stays_half_of_the_time():
    swap = np.array([[0.0, 1.0], [1.0, 0.0]])
    np.testing.assert_array_equal(kernels.lazy(swap), np.full((2, 2), 0.5))


def test_reversible_to_a_hundred_units_of_the_largest_flow():
    p = np.full(3, 1 / 3)
    cycle = np.roll(np.eye(3), 1, axis=1)
    balanced = 0.5 * (cycle + cycle.T)
    for share, reversible in ((0.0, True), (2e-15, True), (1e-13, False)):
        assert kernels.is_reversible((1 - share) * balanced + share * cycle, p) is reversible
    assert kernels.is_reversible(0.9 * balanced + 0.1 * cycle, p, tolerance=0.3)
    # Nothing is allowed, and nothing is needed.
    assert kernels.is_reversible(np.full((2, 2), 0.5), np.full(2, 0.5), tolerance=0.0)


def test_the_reflection_of_a_line_exchanges_its_ends():
    np.testing.assert_array_equal(
        kernels.reflection(uniform_line(4), axis=0), np.eye(4)[[3, 2, 1, 0]]
    )


def test_contraction_counts_its_steps():
    p = np.full(2, 0.5)
    kernel = np.array([[0.75, 0.25], [0.25, 0.75]])
    kl = kernels.contraction(kernel, p, np.array([1.0, 0.0]), 3)
    # The deviation from p halves at each step.
    h = 0.5 ** np.arange(4)
    expected = [
        0.5 * sum((1 + s * x) * math.log(1 + s * x) for s in (1, -1) if 1 + s * x > 0) for x in h
    ]
    np.testing.assert_allclose(kl, expected, rtol=1e-13)


def test_reflection_refuses_a_law_it_does_not_keep(states):
    lopsided = states.p * (1 + 0.1 * (states.x[:, 1] > 0))
    with pytest.raises(ValueError, match="does not leave p"):
        kernels.reflection(states._replace(p=lopsided / lopsided.sum()), axis=1)


def test_lattice_is_symmetric_and_has_the_posteriors_moments(states, banana):
    assert states.p.sum() == pytest.approx(1.0, abs=1e-14)
    assert np.array_equal(np.sort(states.x[:, 1]), np.sort(-states.x[:, 1]))
    exact = banana.exact()
    # Coarse as it is beside a conditional deviation of 0.2, the lattice knows the mean to 0.02.
    assert states.p @ states.x[:, 0] == pytest.approx(exact["mean"][0], abs=0.02)

"""The bound for constant Jacobian determinants: closed forms and one-dimensional integrals."""

import numpy as np
import pytest
import torch

from flowcheck import constant_jacobian

CENTRE, COVARIANCE = np.array([0.5, -1.0]), np.array([[2.0, 0.6], [0.6, 0.5]])


def gaussian(x):
    """Log density of N(CENTRE, COVARIANCE), unnormalised."""
    misfit = x - CENTRE
    return -0.5 * np.sum(misfit @ np.linalg.inv(COVARIANCE) * misfit, axis=-1)


@pytest.fixture(scope="module")
def of_gaussian():
    spread = np.sqrt(np.diag(COVARIANCE))
    return constant_jacobian.levels(gaussian, CENTRE, spread, jacobian=2.0, points=1000)


@pytest.fixture(scope="module")
def of_banana(banana):
    exact = banana.exact()
    return constant_jacobian.levels(
        lambda x: banana.log_density(torch.from_numpy(x)).numpy(),
        np.array(exact["mean"]),
        np.sqrt(exact["variance"]),
        jacobian=1.0,
    )


@pytest.mark.parametrize("jacobian", [0.1, 0.5, 0.8, 2.0])
def test_for_a_gaussian_it_is_the_closed_form(of_gaussian, jacobian):
    # The best map to a Gaussian's level sets is linear: rho - 1 - log rho, rho = J / sqrt(det).
    rho = jacobian / np.sqrt(np.linalg.det(COVARIANCE))
    found = constant_jacobian.bound(of_gaussian, jacobian)
    # Areas are counted in cells, of which the smallest disc that matters here has thousands.
    assert found == pytest.approx(rho - 1 - np.log(rho), abs=2e-4)


def test_for_a_gaussian_the_best_map_has_no_divergence(of_gaussian):
    jacobian, least = constant_jacobian.best(of_gaussian, 0.05, 2.0)
    # The bound is flat at its minimum: an error of 1e-4 there moves J by its root.
    assert jacobian == pytest.approx(np.sqrt(np.linalg.det(COVARIANCE)), rel=1e-2)
    assert least == pytest.approx(0.0, abs=2e-4)


def test_the_banana_has_the_known_least_divergence(of_banana):
    jacobian, least = constant_jacobian.best(of_banana, 0.02, 1.0)
    # Known to the digits given, worked out by other code.
    assert jacobian == pytest.approx(0.149, abs=5e-4)
    assert least == pytest.approx(0.02106, abs=1.5e-5)
    assert constant_jacobian.bound(of_banana, 1.0) == pytest.approx(7.75, abs=5e-3)


@pytest.mark.parametrize("jacobian", [0.05, 0.149, 0.4])
def test_the_banana_agrees_with_an_integral_over_theta2(banana, of_banana, jacobian):
    # Given theta2, the set where log p exceeds t is an interval in theta1 of length
    # 2 s sqrt(2 (c(theta2) - t)): so its area V(t) is an integral over theta2, and the integral of
    # exp(-u) l(2 pi J u) is t_max - integral of exp(-V(t) / 2 pi J) dt below t_max.
    precision, mean_y = banana.n / banana.sigma_y**2, banana.mean_y
    s2 = 1 / (precision + 1)
    theta2, spacing = np.linspace(-7, 7, 14001, retstep=True)
    ridge = -0.5 * ((mean_y - theta2**2) ** 2 / (1 + 1 / precision) + theta2**2)
    ridge -= np.log(np.sum(np.exp(ridge)) * spacing) + 0.5 * np.log(2 * np.pi * s2)
    below = np.concatenate([np.linspace(0, 1, 1001) ** 2, np.geomspace(1, 200, 1000)[1:]])
    level = ridge.max() - below
    area = np.array(
        [np.sum(2 * np.sqrt(2 * s2 * np.clip(ridge - t, 0, None))) * spacing for t in level]
    )
    mean = level[0] - np.trapezoid(np.exp(-area / (2 * np.pi * jacobian)), below)
    expected = -np.log(2 * np.pi * jacobian) - 1 - mean
    # Trapezoidal rules on both sides, the coarser with 2,000 levels.
    assert constant_jacobian.bound(of_banana, jacobian) == pytest.approx(expected, abs=3e-5)


def test_no_nice_flow_does_better(banana, of_banana):
    from flowcheck.flows import make_flow
    from flowcheck.flows.base import sample
    from flowcheck.seeds import generators_for

    # Random flows with a constant determinant of every size: KL from 20,000 draws each.
    flow = make_flow("nice", 2, {"blocks": 2, "hidden": [8], "activation": "silu"})
    evidence = banana.exact()["log_evidence"]
    for seed in range(10):
        (generator,) = generators_for(1, seed, "nice")
        params = {k: v[None] for k, v in flow.initial(generator, "published").items()}
        jacobian = float(params["scale"].abs().prod())
        if not 0.01 < jacobian < 1.0:
            continue
        x, log_q = sample(flow, params, 20_000, [generator])
        values = (log_q.double() - banana.log_density(x.double()) + evidence)[0].numpy()
        error = values.std() / np.sqrt(values.size)
        bound = constant_jacobian.bound(of_banana, jacobian)
        assert values.mean() + 4 * error > bound, seed


@pytest.mark.parametrize("power", [0.1, 2.0])  # without an integral, and with one
def test_a_density_whose_tails_do_not_end_is_refused(power):
    with pytest.raises(ValueError, match="too heavy"):
        constant_jacobian.levels(
            lambda x: -power * np.log1p(np.square(x).sum(-1)),
            np.zeros(2),
            np.ones(2),
            jacobian=1.0,
            points=50,
        )


def test_a_density_too_narrow_for_its_grid_is_refused():
    # A ridge of a width far below the spacing, along a parabola.
    with pytest.raises(ValueError, match="too coarse"):
        constant_jacobian.levels(
            lambda x: -0.5 * (1e8 * (x[:, 0] - x[:, 1] ** 2) ** 2 + x[:, 1] ** 2),
            np.zeros(2),
            np.ones(2),
            jacobian=1e-4,
            points=200,
        )


def test_a_density_that_is_nowhere_finite_is_refused():
    with pytest.raises(ValueError, match="not finite anywhere"):
        constant_jacobian.levels(
            lambda x: np.full(len(x), np.nan), np.zeros(2), np.ones(2), jacobian=1.0, points=50
        )


def box_of(log_density, spread, points=50):
    """The levels, and the box [low, high] by axis of each table that they took."""
    boxes = []

    def watched(x):
        boxes.append(np.stack([x.min(0), x.max(0)]))
        return log_density(x)

    levels = constant_jacobian.levels(watched, CENTRE, spread, jacobian=0.01, points=points)
    return levels, boxes


def test_the_box_begins_at_eight_spreads_and_has_equal_cells():
    spread = np.array([0.1, 3.0])
    levels, boxes = box_of(lambda x: -2 * np.sum(((x - CENTRE) / spread) ** 2, 1), spread)
    assert len(boxes) == 1
    # Fifty points have 49 steps between them.
    np.testing.assert_allclose(boxes[0], [CENTRE - 8 * spread, CENTRE + 8 * spread], rtol=1e-12)
    assert levels.cell == pytest.approx(16 * 0.1 / 49 * 16 * 3 / 49, rel=1e-12)
    # The standard deviations are half of the spreads. The four points nearest to the peak lie half
    # a step of 16 / 49 spreads from it along each axis.
    peak = -np.log(2 * np.pi * 0.05 * 1.5)
    assert levels.log_p[0] == pytest.approx(peak - 2 * 2 * (8 / 49) ** 2, abs=1e-9)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("end", [-1, 1])
def test_the_box_grows_on_the_side_that_is_touched(axis, end):
    # At first a ledge is seen in the middle of one edge, in the outermost points alone.
    spread = np.array([0.5, 2.0])
    edge = CENTRE[axis] + end * 8 * spread[axis]

    def log_density(x):
        within = -2 * np.sum(((x - CENTRE) / spread) ** 2, 1)
        other = np.abs(x[:, 1 - axis] - CENTRE[1 - axis]) < spread[1 - axis]
        return np.where(other & (np.abs(x[:, axis] - edge) < 1e-9), 0.0, within)

    _, boxes = box_of(log_density, spread, points=100)
    assert len(boxes) == 2
    grown = boxes[1] - boxes[0]
    expected = np.zeros((2, 2))
    # A fifth of sixteen spreads.
    expected[(end + 1) // 2, axis] = end * 0.2 * 16 * spread[axis]
    np.testing.assert_allclose(grown, expected, rtol=1e-9, atol=1e-12)


def test_a_density_of_bounded_support_needs_no_larger_box():
    # Proportional to (1 - r^2)^4 in the unit disc, whose integral there is pi / 5. More levels are
    # asked for than lie inside, an area of 2 pi 0.015 40 = 3.8, and none touches the box at 1.2.
    def log_density(x):
        with np.errstate(divide="ignore"):
            return 4 * np.log(np.clip(1 - np.sum(x**2, axis=-1), 0, None))

    found = constant_jacobian.levels(
        log_density, np.zeros(2), np.full(2, 0.15), jacobian=0.015, points=401
    )
    # The grid's middle point is the peak; the trapezoidal rule errs at the rim, below 1e-4.
    assert found.log_p[0] == pytest.approx(np.log(5 / np.pi), abs=1e-4)
    assert found.cell == pytest.approx((2.4 / 400) ** 2, rel=1e-12)
    assert np.isfinite(found.log_p).sum() * found.cell == pytest.approx(np.pi, rel=1e-2)

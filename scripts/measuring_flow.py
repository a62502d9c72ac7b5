"""What is measured of one replicate of a flow: from its draws, at the truth's, by quadrature."""

import math

import numpy as np
import torch
from flowcheck import base_quadrature
from flowcheck.flows.base import Flow, Params
from flowcheck.gaussian import standard_normal_log_prob
from load_flow import QUADRATURE_DIM, tabulate
from measuring import Reference, measured_row


def by_quadrature(posterior, reference: Reference) -> bool:
    """Whether `kl` and `kl_forward` are integrals over the base variable."""
    return posterior.dim <= QUADRATURE_DIM and reference.grade == "exact"


def measured_flow(
    flow: Flow,
    one: Params,
    name: str,
    theta: np.ndarray,
    log_w: np.ndarray,
    posterior,
    reference: Reference,
    params,
) -> tuple[dict, float]:
    """As `measuring.measured_row`: theta [n, dim], log_w [n], of the replicate called `name`.

    one: its parameters, without a leading axis.
    """
    chain_log_w, places = _at_the_truth(flow, one, reference)
    row, misses = measured_row(name, theta, log_w, chain_log_w, reference, params)
    if by_quadrature(posterior, reference):
        row |= _integrated(flow, one, name, places, posterior, reference)
    return row, misses


def _at_the_truth(flow: Flow, one: Params, reference: Reference):
    """log p - log q at the truth's draws [C, N], and their place in the base; None if unknown."""
    if reference.theta is None or not flow.invertible:
        return None, None
    theta = torch.from_numpy(reference.theta)
    z, log_q = [], []
    with torch.no_grad():
        for chain in theta:
            base, log_det = flow.inverse(one, chain)
            z.append(base)
            log_q.append(standard_normal_log_prob(base) + log_det)
    return reference.log_p - torch.stack(log_q).numpy(), torch.cat(z)


def _integrated(flow: Flow, one: Params, name: str, places, posterior, reference) -> dict:
    """The columns that quadrature knows better."""

    def log_p(theta):
        return posterior.log_density(theta) - reference.evidence.value

    nodes = tabulate(flow, one, log_p, name, places, both=True)
    kl, forward, *_ = base_quadrature.divergences(nodes)
    found = {
        "kl": kl.value,
        "kl_se": kl.se,
        "kl_forward": forward.value,
        "kl_forward_se": forward.se,
    }
    if math.isfinite(kl.value):
        found |= {"elbo": reference.evidence.value - kl.value, "elbo_se": kl.se}
    return found

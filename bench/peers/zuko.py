"""zuko: its lazy coupling transforms, sampled with reparameterised draws."""

import torch
import zuko
from zuko.flows.coupling import GeneralCouplingTransform
from zuko.flows.gaussianization import ElementWiseTransform

from bench import problem
from bench.peers.torch_loop import Loop, from_sampler


def additive():
    """NICE from the library's parts: half couplings that shift, then an element-wise affine."""
    layers = []
    for _ in range(problem.BLOCKS):
        for mask in ([True, False], [False, True]):
            layers.append(
                GeneralCouplingTransform(
                    problem.DIM,
                    mask=mask,
                    univariate=zuko.transforms.AdditiveTransform,
                    shapes=[()],
                    hidden_features=problem.HIDDEN,
                )
            )
        layers.append(ElementWiseTransform(problem.DIM))
    base = zuko.lazy.UnconditionalDistribution(
        zuko.distributions.DiagNormal,
        loc=torch.zeros(problem.DIM),
        scale=torch.ones(problem.DIM),
        buffer=True,
    )
    return zuko.lazy.Flow(layers, base)


def build(flow: str) -> Loop:
    """See contender.Runner."""
    torch.manual_seed(0)
    if flow == "nice":
        model = additive()
    else:
        model = zuko.flows.RealNVP(
            problem.DIM, transforms=2 * problem.BLOCKS, hidden_features=problem.HIDDEN
        )
    return from_sampler(
        model.parameters(), lambda count: model().rsample_and_log_prob(torch.Size([count]))
    )

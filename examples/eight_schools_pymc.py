"""Eight schools as a PyMC model, through value_and_grad. Tested with PyMC 5.28.5, JAX 0.10.2.

PyMC orders parameters as they are declared; `constrain` gives them their names.
"""

import jax
import pymc
from jax.flatten_util import ravel_pytree
from pymc.sampling.jax import get_jaxified_graph

jax.config.update("jax_enable_x64", True)


def model(y, s):
    with pymc.Model() as built:
        mu = pymc.Normal("mu", 0, 5)
        tau = pymc.HalfCauchy("tau", 5)
        e = pymc.Normal("e", 0, 1, shape=len(y))
        pymc.Normal("y", mu + tau * e, s, observed=y)
    return built


class Target:
    """The bridge to flowcheck. It works for any model without discrete parameters."""

    def __init__(self, data):
        built = model(data["y"], data["s"])
        start = built.initial_point()
        example, unravel = ravel_pytree([start[value.name] for value in built.value_vars])
        self.dim = example.size
        # The log density itself: get_jaxified_logp(negative_logp=False) returns minus it.
        log_density = get_jaxified_graph(built.value_vars, [built.logp()])
        named = get_jaxified_graph(built.value_vars, built.unobserved_value_vars)
        names = [value.name for value in built.unobserved_value_vars]
        wanted = {variable.name for variable in built.free_RVs}

        def constrain(u):
            values = dict(zip(names, named(*unravel(u)), strict=True))
            return {name: values[name] for name in names if name in wanted}

        self._both = jax.jit(jax.vmap(jax.value_and_grad(lambda u: log_density(*unravel(u))[0])))
        self._named = jax.jit(jax.vmap(constrain))

    def value_and_grad(self, u):
        return self._both(u)

    def constrain(self, u):
        return self._named(u)

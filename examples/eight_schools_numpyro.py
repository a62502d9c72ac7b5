"""Eight schools as a NumPyro model, through value_and_grad. Tested with NumPyro 0.22.0, JAX 0.10.2.

NumPyro orders parameters alphabetically; `constrain` gives them their names.
"""

import jax
import numpyro
from jax.flatten_util import ravel_pytree
from numpyro.distributions import HalfCauchy, Normal
from numpyro.infer.util import initialize_model

jax.config.update("jax_enable_x64", True)


def model(y, s):
    mu = numpyro.sample("mu", Normal(0, 5))
    tau = numpyro.sample("tau", HalfCauchy(5))
    with numpyro.plate("schools", len(y)):
        e = numpyro.sample("e", Normal(0, 1))
        numpyro.sample("y", Normal(mu + tau * e, s), obs=y)


class Target:
    """The bridge to flowcheck. It works for any model without discrete parameters."""

    def __init__(self, data):
        found = initialize_model(jax.random.key(0), model, model_args=(data["y"], data["s"]))
        example, unravel = ravel_pytree(found.param_info.z)
        self.dim = example.size
        self._both = jax.jit(
            jax.vmap(jax.value_and_grad(lambda u: -found.potential_fn(unravel(u))))
        )
        self._named = jax.jit(jax.vmap(lambda u: found.postprocess_fn(unravel(u))))

    def value_and_grad(self, u):
        return self._both(u)

    def constrain(self, u):
        return self._named(u)

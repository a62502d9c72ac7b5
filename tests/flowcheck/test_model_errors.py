"""Every mistake in a user's model has its own words, and the line of their file where it is."""

import textwrap

import numpy as np
import pytest
import torch

from flowcheck.first_look import look
from flowcheck.model_errors import ModelError
from flowcheck.targets import load_target

HEADER = """\
import math
import numpy as np
import torch
from torch.distributions import Normal, constraints
"""

NORMAL_MU = "return Normal(0.0, 1.0).log_prob(mu)"
NAMED = """
class Target:
    parameters = {"mu": "real", "x": ("real", 3)}
    def log_density(self, mu, x):
        BODY
"""
PLAIN = """
class Target:
    dim = 2
    def log_density(self, theta):
        BODY
"""
NUMPY = """
class Target:
    dim = 2
    def value_and_grad(self, u):
        BODY
"""
DECLARED = """
class Target:
    parameters = {BODY}
    def log_density(self, mu):
        return Normal(0.0, 1.0).log_prob(mu).sum()
"""
GOOD = "-0.5 * (mu ** 2 + (x ** 2).sum())"

# What is wrong: (form, body, pattern of the message, the line it names).
MISTAKES = {
    # The value that is returned.
    "a vector": (
        NAMED, "return Normal(mu, 1.0).log_prob(x)", r"shape \(3,\) for one.*\.sum\(\)", 8
    ),
    "nothing": (NAMED, "torch.zeros(())", "returned None.*`return` missing", 8),
    "a number": (NAMED, "return 1.0", "returned float.*torch tensor", 8),
    "no function of the parameters": (
        NAMED, "return torch.tensor(1.0)", "not differentiable", 8
    ),
    "detached": (NAMED, "return (mu + x.sum()).detach()", "not differentiable", 8),
    "partly detached": (
        NAMED, f"return {GOOD} - (mu.detach() * x).sum()", "finite differences.*along mu.*detach", 8
    ),
    "NaN": (NAMED, f"return {GOOD} + torch.log(-mu ** 2)", "at any of 256.*NaN at 256", 8),
    "zero density": (NAMED, f"return {GOOD} - torch.tensor(math.inf)", "infinite at 256", 8),
    "minus the log density": (NAMED, f"return -({GOOD})", "grows without bound.*sign", 8),
    "an unused parameter": (NAMED, "return -0.5 * mu ** 2", "does not depend on x", 8),
    "an unused coordinate": (
        PLAIN, "return -0.5 * theta[0] ** 2", r"does not depend on theta\[1\]", 8
    ),
    "an end of the program": (NAMED, "raise SystemExit(0)", "in log_density, SystemExit: 0", 9),
    "quit()": (NUMPY, "quit()", "in value_and_grad, SystemExit", 9),
    # What vmap and autograd cannot follow.
    "numpy": (NAMED, "return torch.tensor(np.exp(mu))", "NumPy array", 9),
    "numpy's sum": (NAMED, "return np.sum(x)", "NumPy array", 9),
    ".numpy()": (NAMED, f"y = x.detach().numpy(); return {GOOD}", "NumPy array.*value_and_grad", 9),
    ".item()": (NAMED, f"return {GOOD} * mu.item()", r"Python number.*torch\.exp", 9),
    "float()": (NAMED, f"return {GOOD} * float(mu)", "Python number", 9),
    "math": (NAMED, f"return {GOOD} + math.exp(mu)", "Python number", 9),
    "torch.tensor of parameters": (
        NAMED, f"y = torch.tensor([mu, mu]); return {GOOD}", "Python number.*torch.stack", 9
    ),
    "an if": (NAMED, f"return {GOOD} if mu > 0 else mu", r"torch\.where", 9),
    "in place": (
        NAMED, f"y = torch.zeros(3); y[0] = mu; return {GOOD} + y.sum()", "in place.*stack", 9
    ),
    "a mask": (NAMED, "return x[x > 0].sum()", "indexing with a mask", 9),
    "float indices": (NAMED, "return x[torch.tensor([0.0])].sum()", r"\.long\(\)", 9),
    "a singular matrix": (
        NAMED, "return torch.linalg.cholesky(-torch.eye(2) * mu ** 2).sum()", "cholesky_ex", 9
    ),
    "float32": (
        NAMED, "return (torch.ones(2, 3, dtype=torch.float32) @ x).sum()", "float32 meets", 9
    ),
    # Randomness.
    "noise": (NAMED, f"return {GOOD} + torch.randn(())", "random number.*minibatches", 9),
    "NumPy's noise": (NAMED, f"return {GOOD} * np.random.rand()", "two values at the same", 8),
    "a minibatch": (
        "class Target:\n    dim = 2\n    def log_density(self, theta, batch):\n        BODY",
        "return -theta.square().sum()",
        "takes theta, batch.*minibatches",
        7,
    ),
    # Exceptions of the author's own.
    "their exception": (NAMED, "raise ValueError('no school')", "ValueError: no school", 9),
    "shapes": (
        NAMED, "return (x + torch.ones(5)).sum()", r"size.*shapes mu \(\), x \(3,\)", 9
    ),
    "a late import": (NAMED, "import nothing_here", "no module named 'nothing_here'", 9),
    # Arguments and parameters.
    "a missing argument": (
        "class Target:\n    parameters = {'mu': 'real', 'sigm': 'positive'}\n"
        "    def log_density(self, mu, sigma):\n        BODY",
        NORMAL_MU,
        "no argument 'sigm'.*did you mean 'sigma'",
        7,
    ),
    "an argument too many": (
        "class Target:\n    parameters = {'mu': 'real'}\n"
        "    def log_density(self, mu, sigma):\n        BODY",
        NORMAL_MU,
        "argument 'sigma', which `parameters` does not declare",
        7,
    ),
    "unknown support": (DECLARED, "'mu': 'positiv'", "'mu': no support 'positiv'.*'positive'", 7),
    "a discrete name": (DECLARED, "'mu': 'integer'", "'mu': discrete", 7),
    "a discrete type": (DECLARED, "'mu': int", "'mu': discrete|no support 'int'", 7),
    "a discrete constraint": (DECLARED, "'mu': constraints.boolean", "'mu': discrete", 7),
    "no bijection": (DECLARED, "'mu': (constraints.positive_definite, (2, 2))", "corr_cholesky", 7),
    "no bijection either": (
        DECLARED, "'mu': (constraints.lower_cholesky, (2, 2))", "no bijection.*corr_cholesky", 7
    ),
    "an empty interval": (DECLARED, "'mu': ('interval', 1, 1)", "is not an interval", 7),
    "an interval without bounds": (DECLARED, "'mu': ('interval', (3,))", "is not an interval", 7),
    "no shape": (DECLARED, "'mu': ('real', 2.5)", "2.5 is not a shape", 7),
    "an empty shape": (DECLARED, "'mu': ('real', 0)", "0 is not a shape", 7),
    "a simplex without shape": (DECLARED, "'mu': 'simplex'", "needs a shape", 7),
    "a simplex of one": (DECLARED, "'mu': ('simplex', 1)", "cannot be mapped|nothing left", 7),
    "three entries": (DECLARED, "'mu': ('real', 2, 3)", "neither a support nor", 7),
    "a keyword": (DECLARED, "'lambda': 'real'", "'lambda'.*keyword", 7),
    "a reserved name": (DECLARED, "'log_q': 'real'", "'log_q' clashes", 7),
    "an axis's name": (
        DECLARED, "'mu': ('real', 2), 'mu_dim_0': 'real'", "'mu_dim_0' clashes", 7
    ),
    "nothing declared": (DECLARED, "", "dictionary of names", 7),
    "neither": ("class Target:\n    def log_density(self, mu): BODY", "pass", "neither", 5),
    "both": (
        "class Target:\n    dim = 1\n    parameters = {'mu': 'real'}\n"
        "    def log_density(self, mu): BODY",
        "pass",
        "both of `parameters`",
        5,
    ),
    "no density": ("class Target:\n    BODY", "dim = 2", "neither of log_density", 5),
    "a fractional dimension": (PLAIN.replace("2", "2.5"), "return theta.sum()", "`dim` is 2.5", 7),
    # value_and_grad.
    "swapped": (NUMPY, "return -u, -0.5 * (u ** 2).sum(1)", r"\(256, 2\).*value comes first", 8),
    "a column": (
        NUMPY, "return -0.5 * (u ** 2).sum(1, keepdims=True), -u", r"shapes \(256, 1\)", 8
    ),
    "no gradient": (NUMPY, "return -0.5 * (u ** 2).sum(1)", "ndarray.*two arrays", 8),
    "a wrong gradient": (NUMPY, "return -0.5 * (u ** 2).sum(1), -2 * u", "that disagrees", 8),
    "minus both": (NUMPY, "return 0.5 * (u ** 2).sum(1), u", "grows without bound.*PyMC", 8),
    "with names": (
        "class Target:\n    parameters = {'mu': 'real'}\n"
        "    def value_and_grad(self, u):\n        BODY",
        "pass",
        "goes with `dim`",
        7,
    ),
    # The file and its class.
    "no class": ("class Targt:\n    BODY", "dim = 2", "no class Target.*'Targt'", None),
    "syntax": (NAMED, "return (mu", "SyntaxError", 9),
    "an unknown package": ("import no_such_package\nBODY", "", "no module named 'no_such_pac", 5),
    "an exception in __init__": (
        "class Target:\n    dim = 2\n    def __init__(self, data):\n        BODY",
        "self.y = data['x']",
        r"KeyError: 'x'.*no such array.*known: y",
        8,
    ),
    "no data argument": (
        "class Target:\n    dim = 2\n    def __init__(self):\n        BODY",
        "pass",
        "always passed the data",
        7,
    ),
}  # fmt: skip


def written(tmp_path, form: str, body: str) -> str:
    path = tmp_path / "my_model.py"
    path.write_text(HEADER + form.replace("BODY", textwrap.dedent(body)), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_with_its_line(tmp_path, mistake):
    form, body, pattern, line = MISTAKES[mistake]
    file = written(tmp_path, form, body)
    with pytest.raises(ModelError, match=pattern) as caught:
        look(load_target(file, {"y": np.ones(3)}, {}), torch.Generator().manual_seed(0))
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{file}, line {line}:" if line else f"{file}:")


BATCHED = """
class Target:
    parameters = {"mu": "real", "x": ("real", 3)}
    batched = True
    def log_density(self, mu, x):
        BODY
"""


@pytest.mark.parametrize(
    ("body", "pattern"),
    [
        (
            "return -(mu ** 2 + (x ** 2).sum())",
            "different value when it is evaluated with others",
        ),
        ("return -(mu ** 2).unsqueeze(-1) - x ** 2", r"leading axes.*\.sum\(-1\)"),
        ("return -(mu ** 2 + (x ** 2).sum(-1)).mean(0)", "leading axes"),
        ("return -(mu - mu.mean()) ** 2 - (x ** 2).sum(-1)", "evaluated with others"),
    ],
)
def test_a_batched_density_that_mixes_its_points(tmp_path, body, pattern):
    file = written(tmp_path, BATCHED, body)
    with pytest.raises(ModelError, match=pattern):
        look(load_target(file, {}, {}), torch.Generator().manual_seed(0))


SETTINGS = """
class Target:
    dim = 1
    def __init__(self, data, scale, shape=1.0): ...
    def log_density(self, theta):
        return -theta.square().sum()
"""


@pytest.mark.parametrize(
    ("settings", "pattern"),
    [
        ({"scale": 1.0, "shap": 2.0}, "line 8: __init__ has no setting 'shap'.*'shape'"),
        ({}, "line 8: __init__ needs 'scale'"),
    ],
)
def test_settings_that_do_not_fit(tmp_path, settings, pattern):
    with pytest.raises(ModelError, match=pattern):
        load_target(written(tmp_path, SETTINGS, ""), {}, settings)


def test_settings_without_an_init(tmp_path):
    with pytest.raises(ModelError, match=r"no __init__.*scale"):
        load_target(written(tmp_path, NAMED, f"return {GOOD}"), {}, {"scale": 1.0})


def test_a_setting_may_not_be_a_key_of_the_entry(tmp_path):
    form = SETTINGS.replace("scale", "reference")
    with pytest.raises(ModelError, match="'reference' clashes"):
        load_target(written(tmp_path, form, ""), {}, {"reference": 1.0})


def test_a_file_that_is_not_there():
    with pytest.raises(ModelError, match=r"no/such\.py: no such file"):
        load_target("no/such.py", {}, {})


def test_what_the_mistakes_are_made_of_is_right(tmp_path):
    for form, body in (
        (NAMED, f"return {GOOD}"),
        (PLAIN, "return -theta.square().sum()"),
        (NUMPY, "return -0.5 * (u ** 2).sum(1), -u"),
        (BATCHED, "return -(mu ** 2 + (x ** 2).sum(-1))"),
        (DECLARED, "'mu': ('real', 2)"),
    ):
        found = look(load_target(written(tmp_path, form, body), {}, {}), torch.Generator())
        assert found["starts_not_finite"] == 0
        assert found["notes"] == []

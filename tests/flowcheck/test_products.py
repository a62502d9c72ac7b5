"""Products by oneDNN, against float64 ones; and that they are MKL's wherever they are missing."""

import pytest
import torch
import torch.nn.functional as F

from flowcheck import products

# Half a float32's last place, relative to the sum of the absolute terms, for each of the roundings
# of a sum of n terms in any order: n of them at the very worst.
ROUNDING = 2.0**-24
HAS_OPERATION = products.onednn() is not None


@pytest.fixture
def onednn(monkeypatch):
    """The oneDNN path whatever the processor and the size, if PyTorch has the operation."""
    if not HAS_OPERATION:
        pytest.skip("this PyTorch has no mkldnn._linear_pointwise")
    monkeypatch.setattr(products, "SMALLEST", 0)
    monkeypatch.setattr(products, "onednn_is_faster", lambda: True)


def arguments(shape, out, bias=True, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(*shape, generator=generator)
    weight = torch.randn(out, shape[-1], generator=generator)
    return x, weight, torch.randn(out, generator=generator) if bias else None


def assert_close_as_float32(found, left, right, plus=0.0):
    """found = left right + plus, to the rounding that a sum in float32 may have."""
    left, right = left.double(), right.double()
    worst = ROUNDING * (left.shape[-1] + 2) * (left.abs() @ right.abs() + abs(plus))
    assert ((found.double() - left @ right - plus).abs() <= worst).all()


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("shape", "out"), [((7, 5), 3), ((1, 1), 1), ((4, 6, 33), 17)])
def test_value_and_gradients_are_those_of_the_product(onednn, shape, out, bias):
    x, weight, b = arguments(shape, out, bias)
    inputs = [t.requires_grad_() for t in (x, weight, b) if t is not None]
    found = products.linear(x, weight, b)
    assert found.shape == (*shape[:-1], out)
    given = torch.randn(found.shape, generator=torch.Generator().manual_seed(1))
    gradients = torch.autograd.grad(found, inputs, given)
    rows, flat = x.detach().reshape(-1, shape[-1]), given.reshape(-1, out)
    plus = b.detach().double() if bias else 0.0
    assert_close_as_float32(
        found.detach().reshape(-1, out), rows, weight.detach().T, torch.as_tensor(plus)
    )
    assert_close_as_float32(gradients[0].reshape(rows.shape), flat, weight.detach())
    assert_close_as_float32(gradients[1], flat.T, rows)
    if bias:
        assert_close_as_float32(gradients[2][None], torch.ones(1, len(flat)), flat)


def test_arguments_may_be_transposed(onednn):
    x, weight, _ = arguments((6, 9), 4)
    found = products.linear(x.T.contiguous().T, weight.T.contiguous().T)
    assert_close_as_float32(found, x, weight.T)


def test_only_what_is_asked_for_is_differentiated(onednn):
    x, weight, b = arguments((6, 9), 4)
    weight.requires_grad_()
    products.linear(x, weight, b).sum().backward()
    assert x.grad is None
    torch.testing.assert_close(weight.grad, x.sum(0).expand(4, 9))


def mkl(x, weight, bias):
    return F.linear(x, weight, bias)


def test_small_products_are_left_to_mkl(onednn, monkeypatch):
    monkeypatch.setattr(products, "SMALLEST", 7 * 5 * 3 + 1)
    monkeypatch.setattr(products, "_product", None)  # to be called is an error
    assert torch.equal(products.linear(*arguments((7, 5), 3)), mkl(*arguments((7, 5), 3)))
    monkeypatch.setattr(products, "SMALLEST", 7 * 5 * 3)
    with pytest.raises(TypeError):
        products.linear(*arguments((7, 5), 3))


def test_float64_is_left_to_mkl(onednn):
    given = [t.double() for t in arguments((7, 5), 3)]
    assert torch.equal(products.linear(*given), mkl(*given))


@pytest.fixture
def probed(monkeypatch):
    """`onednn_is_faster` asked again, on a machine that would be answered yes."""
    if not HAS_OPERATION:
        pytest.skip("this PyTorch has no mkldnn._linear_pointwise")
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX512")
    monkeypatch.setattr(torch.backends.mkl, "is_available", lambda: True)
    monkeypatch.setattr(products, "CPU_FACTS", Facts("vendor_id\t: AuthenticAMD\n"))
    for function in (products.onednn_is_faster, products.onednn):
        function.cache_clear()
    yield monkeypatch
    for function in (products.onednn_is_faster, products.onednn):
        function.cache_clear()


class Facts:
    """A file of the processor's facts; None: there is none."""

    def __init__(self, text):
        self.text = text

    def read_text(self, **_):
        if self.text is None:
            raise FileNotFoundError
        return self.text


class Operations:
    """torch.ops.mkldnn with an operation of its own, or without any."""

    def __init__(self, operation=None):
        if operation:
            self._linear_pointwise = operation


def refuse(*_):
    raise RuntimeError("another signature")


def test_it_is_used_on_amd_with_avx512(probed):
    assert products.onednn_is_faster()


@pytest.mark.parametrize(
    ("where", "name", "value"),
    [
        (products, "CPU_FACTS", Facts("vendor_id\t: GenuineIntel\n")),
        (products, "CPU_FACTS", Facts(None)),
        (torch.backends.cpu, "get_cpu_capability", lambda: "AVX2"),
        (torch.backends.mkl, "is_available", lambda: False),
        (torch.backends.mkldnn, "is_available", lambda: False),
        (torch.ops, "mkldnn", Operations()),
        (torch.ops, "mkldnn", Operations(refuse)),
        (torch.ops, "mkldnn", Operations(lambda *_: torch.zeros(2, 2))),
    ],
    ids=["Intel", "no Linux", "AVX2", "no MKL", "no oneDNN", "missing", "other", "wrong"],
)
def test_elsewhere_it_is_not(probed, where, name, value):
    probed.setattr(where, name, value)
    assert not products.onednn_is_faster()
    probed.setattr(products, "SMALLEST", 0)
    given = arguments((7, 5), 3)
    assert torch.equal(products.linear(*given), mkl(*given))

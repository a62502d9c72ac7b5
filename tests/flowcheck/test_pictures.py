"""Pictures: what is decoded from where."""

import torch

from flowcheck.pictures import generated, latent_means, mesh_over, reconstructed
from flowcheck.vae import VAE


class Readable(VAE):
    """Encodes an image to its first two pixels; decodes z to the logits (z1, z2, 0)."""

    def __init__(self):
        super().__init__(pixels=3, hidden=4, latent=2)

    def encode(self, x):
        return x[..., :2], x[..., :2]

    def decode(self, z):
        return torch.cat([z, torch.zeros_like(z[..., :1])], -1)


def test_a_mesh_spans_the_means_and_its_rows_are_z2():
    means = torch.tensor([[-1.0, 5.0], [3.0, 4.0], [0.0, 8.0]])
    z1, z2, tiles = mesh_over(Readable(), means, 5)
    assert (z1[0], z1[-1], z2[0], z2[-1]) == (-1.0, 3.0, 4.0, 8.0)
    logits = torch.logit(tiles.double())
    torch.testing.assert_close(logits[2, :, 0], z1.double(), atol=1e-4, rtol=0)
    torch.testing.assert_close(logits[:, 2, 1], z2.double(), atol=1e-2, rtol=0)


def test_reconstructions_come_from_the_image_and_generated_ones_from_the_prior():
    x = torch.tensor([[0.0, 1.0, 1.0], [1.0, 1.0, 0.0]])
    torch.testing.assert_close(latent_means(Readable(), x), x[:, :2])
    torch.testing.assert_close(reconstructed(Readable(), x)[:, :2], torch.sigmoid(x[:, :2]))
    draws = torch.logit(generated(Readable(), 4000, torch.Generator().manual_seed(0)))[:, :2]
    # Standard errors 0.016 for the mean and 0.022 for the variance.
    assert draws.mean(0).abs().max() < 0.08
    assert (draws.var(0) - 1).abs().max() < 0.1

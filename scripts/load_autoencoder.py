"""What the steps that use a trained autoencoder begin with: the model with its weights."""

from flowcheck import files
from flowcheck.vae import VAE


def load_autoencoder(path: str, pixels: int, params) -> VAE:
    """The autoencoder of the step's params for images of that many pixels, with weights read."""
    model = VAE(pixels, params.hidden, params.latent)
    model.load_state_dict(files.read_weights(path, like=model.state_dict()))
    return model

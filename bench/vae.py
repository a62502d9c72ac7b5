"""Epochs per second of the problem set's autoencoder, and what they reach."""

from bench import floor, pictures
from bench.contender import Contender

EPOCHS = {"mnist": 2, "digits": 20}
QUICK_EPOCHS = {"mnist": 1, "digits": 2}
UNIT = "epochs/s"

NOTE = "{} training images, batches of {}; after {} epochs"


def contenders(quick: bool) -> list[Contender]:
    """flowcheck and the DataLoader loop, which reads a tensor or converts images one by one."""
    images = pictures.name()
    count = (QUICK_EPOCHS if quick else EPOCHS)[images]
    found = pictures.training_set(images)
    params, total = pictures.recipe(images), int((found.split == "train").sum())
    batch, pixels = params["recipe"]["batch"], found.pixels.shape[1]
    rate = floor.matmul_rate(1, batch, pixels, params["hidden"])
    best = rate / floor.vae_flop(pixels, params["hidden"], params["latent"], total)
    note = NOTE.format(total, batch, count)
    plain = {
        loader: ("plain loop", f"DataLoader, {loader}", "bench.plain_vae", {"loader": loader})
        for loader in ("one by one", "tensors")
    }
    ours = ("flowcheck", "course recipe", "bench.our_vae", {})
    return [
        Contender(
            "vae", images, name, variant, module, {"images": images} | arguments, UNIT,
            floor=best, process=f"{name} vae", count=count, note=note,
        )
        for name, variant, module, arguments in (*plain.values(), ours)
    ]  # fmt: skip


def left_out() -> list[Contender]:
    """Nobody."""
    return []

"""Numbers for the errors page that other steps have measured already, from their tables."""

import math

import numpy as np
import pandas as pd

from flowcheck.course.rows import Row, known_kl, mean_row

# The figure that the published solution reports for RealNVP.
REPORTED_KL = 0.0192
TRAINED_ON = {
    "dynamic": "binary images drawn every epoch",
    "static": "binary images drawn once",
    "grey": "grey levels",
}


def equality(contraction: pd.DataFrame) -> list[Row]:
    """KL before and after one step of a kernel whose rows are all p."""
    kl = contraction.loc[contraction["kernel"] == "constant"].set_index("step")["kl"]
    return [
        Row("KL(q‖p) before the step (nats)", kl[0]),
        Row("KL(q‖p) after one step of the constant kernel (nats)", kl[1]),
    ]


def stronger(before: float, after: float, moved: float) -> list[Row]:
    """Both sides of the solution's inequality: KL(q|p), KL(q_T|p) and KL(q|q'_T) in nats."""
    return [
        Row("KL(q_T‖p) after one step of the random walk (nats)", after),
        Row("KL(q‖p) − KL(q‖q'_T) there (nats)", before - moved),
        Row("KL(q‖p) there (nats)", before),
    ]


def by_seed(divergence: pd.DataFrame, flows: list[str]) -> list[Row]:
    """The lowest and the highest KL over the replicates of each flow."""
    rows = []
    for flow in flows:
        kl = known_kl(divergence[divergence["flow"] == flow])
        rows += [
            Row(f"KL(q‖p) of {flow}: lowest of {len(kl)} seeds (nats)", kl.min()),
            Row(f"KL(q‖p) of {flow}: highest of {len(kl)} seeds (nats)", kl.max()),
        ]
    return rows


def printed_shift(divergence: pd.DataFrame, printed: list[str], right: list[str]) -> list[Row]:
    """Mean KL of the flows with the printed shift and of those with the right one."""
    return [
        mean_row(f"KL(q‖p) of {flow} (nats)", known_kl(divergence[divergence["flow"] == flow]))
        for flow in [*printed, *right]
    ]


def neighbours(floor: pd.DataFrame, divergence: pd.DataFrame, flows: list[str]) -> list[Row]:
    """What the nearest-neighbour estimate reads, beside KL itself and its own floor."""
    values = floor.loc[floor["pair"] == "exact-exact", "kl_knn"]
    sd = values.std()
    se = sd / math.sqrt(2 * (len(values) - 1))
    rows = [
        Row("standard deviation of the estimate where KL is 0 (nats)", sd, se),
        Row(f"the same as a share of {REPORTED_KL}", sd / REPORTED_KL, se / REPORTED_KL),
    ]
    for flow in flows:
        ours = divergence[divergence["flow"] == flow]
        rows.append(mean_row(f"KL(q‖p) of {flow} (nats)", known_kl(ours)))
        low = ours["kl_knn"] - known_kl(ours)
        rows.append(mean_row(f"estimate less that value of {flow} (nats)", low))
    return rows


def denormal(run, stable, evidence: float) -> list[Row]:
    """How many flows the published loop loses. `run`, `stable`: denormal.Run by the likelihood
    and by the log density; `evidence`: the log evidence less the constants that `run` leaves out.
    """
    count, dead = len(run.died), (run.died > 0).numpy()
    share = dead.mean()
    hurt = dead | (run.skipped > 0).numpy()
    rows = [
        Row("share of planar flows that turn NaN for good", share, _binomial(share, count)),
        Row(f"planar flows out of {count} that turn NaN for good", int(dead.sum())),
        Row(f"planar flows out of {count} that turn NaN or skip a step", int(hurt.sum())),
        Row(
            f"planar flows out of {count} that turn NaN or skip a step by log densities",
            int(((stable.died > 0) | (stable.skipped > 0)).sum()),
        ),
    ]
    if dead.any():
        died, last = run.died.numpy()[dead], run.curve[-1].numpy()[dead]
        repeated = 1 - (died - 1) / len(run.curve)
        rows += [
            mean_row("share of a lost flow's curve that repeats one value", repeated),
            Row("that value below the log evidence: median (nats)", evidence - np.nanmedian(last)),
        ]
    return rows


def _binomial(share: float, count: int) -> float:
    """Standard error of a share of `count` independent trials."""
    return math.sqrt(share * (1 - share) / count)


def grey_pixels(images: str, intensity: np.ndarray) -> Row:
    """The share of grey pixels of an image set; intensity in [0, 1]."""
    share = ((intensity > 0) & (intensity < 1)).mean()
    return Row(f"share of pixels that are neither 0 nor 1: {images}", float(share))


def by_training_images(vae: str, binarise: str, bounds: pd.DataFrame) -> list[Row]:
    """log p(x) and ELBO on the same binary test images, by what the autoencoder was trained on.

    bounds: its bounds.csv.
    """
    last = _at_the_end(bounds)
    return [
        Row(
            f"{words} of {last.loc[bound, 'images']} binary test images: {vae}; trained on "
            f"{TRAINED_ON[binarise]} (nats)",
            last.loc[bound, "value"],
            last.loc[bound, "se"],
        )
        for bound, words in (("log_px", "log p(x)"), ("elbo", "ELBO"))
    ]


def _at_the_end(bounds: pd.DataFrame) -> pd.DataFrame:
    """The test images' rows of bounds.csv after the last epoch, by bound."""
    last = bounds[(bounds["epoch"] == bounds["epoch"].max()) & (bounds["split"] == "test")]
    return last.set_index("bound")


def one_sample_bound(vae: str, bounds: pd.DataFrame) -> Row:
    """By how much a one-sample bound falls short of that of many samples, 1000 by default."""
    last = _at_the_end(bounds)
    (name,) = [bound for bound in last.index if bound.startswith("L_")]
    difference = last.loc[name, "value"] - last.loc["elbo", "value"]
    error = math.hypot(last.loc[name, "se"], last.loc["elbo", "se"])
    return Row(f"{name} less the ELBO on test images: {vae} (nats)", difference, error)


def reconstructions(vae: str, pictures: dict[str, np.ndarray]) -> list[Row]:
    """How close pictures come to the real ones they are shown beside: images [n, h, w]."""
    rows = []
    for name in ("generated", "reconstructed"):
        distance = np.square(pictures[name].astype(float) - pictures["real"]).sum((1, 2))
        rows.append(mean_row(f"squared distance to the real image: {name} by {vae}", distance))
    return rows


def mesh_limits(vae: str, mean: np.ndarray) -> list[Row]:
    """How far the means of q(z|x) of the test images reach; mean [N, 2]."""
    return [
        Row(f"lowest coordinate of a mean of q(z|x): {vae}", float(mean.min())),
        Row(f"highest coordinate of a mean of q(z|x): {vae}", float(mean.max())),
    ]

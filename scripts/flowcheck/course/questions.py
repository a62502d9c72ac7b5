"""The numbers with which the report answers the problem set's questions, one by one.

The sentences are in report/questions.html.j2; the numbers in them are computed here from tables.
"""

import math

import pandas as pd

from flowcheck.course.rows import known_kl

# Nats of KL beyond which an expansion to first order says little.
FIRST_ORDER = 0.1


def of_kernels(contraction: pd.DataFrame, facts: dict) -> dict:
    """Question 1: how far the random walk brings KL down, and at what rate.

    contraction: kl_contraction.csv; facts: kl_contraction.json. `rises` counts steps of any kernel
    after which KL is larger than before.
    """
    kl = contraction.loc[contraction["kernel"] == "random walk"].set_index("step")["kl"]
    steps = int(kl.index[-1])
    rises = sum(int((ours["kl"].diff() > 0).sum()) for _, ours in contraction.groupby("kernel"))
    return {
        "kernels": int(contraction["kernel"].nunique()),
        "first": kl[0],
        "last": kl[steps],
        "steps": steps,
        "rises": rises,
        "rate": facts["kernels"]["random walk"]["rate"],
    }


def of_bounds(multisample: pd.DataFrame, target: str) -> dict:
    """Question 2: the bounds of the flow whose ELBO lies lowest, from one sample to the most."""
    ours = multisample[multisample["target"] == target]
    flow = ours.loc[ours["value"].idxmin(), "flow"]
    rows = ours[ours["flow"] == flow].sort_values("k")
    first, last = rows.iloc[0], rows.iloc[-1]
    return {
        "flow": flow,
        "first": (first["value"], first["se"]),
        "last": (last["value"], last["se"]),
        "k": int(last["k"]),
        "evidence": last["log_evidence"],
    }


def of_draws(divergence: pd.DataFrame, short: dict, long_ess: float, long_draws: int) -> dict:
    """Questions 3(3) and 3(4): what flows and chains are worth, in independent draws.

    A mean over q is off by at most sqrt(2 KL(q|p)) posterior standard deviations, to first order
    in KL, and the standard error over N independent draws is 1 / sqrt(N) of them: so a flow is
    worth at least 1 / (2 KL) draws. Of each flow the mean KL of its replicates is taken; where it
    is unknown, not positive, or too large for the first order, `off` and `worth` are None.

    short: what `chains.worth` gives; long_ess, long_draws: of the long run.
    """
    flows = []
    for flow, ours in divergence.groupby("flow", sort=True):
        values = known_kl(ours)
        kl = values.mean(skipna=False)
        near = 0 < kl < FIRST_ORDER
        flows.append(
            {
                "flow": flow,
                "kl": (kl, values.std(skipna=False) if len(ours) > 1 else None),
                "off": math.sqrt(2 * kl) if near else None,
                "worth": 1 / (2 * kl) if near else None,
            }
        )
    return {
        "flows": flows,
        "short": short,
        "short_off": 1 / math.sqrt(short["effective"]["theta1"]),
        "long": {"draws": long_draws, "effective": long_ess, "off": 1 / math.sqrt(long_ess)},
    }


def of_autoencoder(losses: pd.DataFrame, vae: str) -> dict:
    """Question 4(3): ELBO, L_K and log p(x) of one autoencoder on the same images, by split.

    losses: an image set's losses.csv.
    """
    ours = losses[losses["vae"] == vae].set_index("split")
    return {
        "k": int(ours["k"].iloc[0]),
        "images": int(ours["images"].iloc[0]),
        "splits": {
            split: {
                "elbo": (row["elbo"], row["elbo_se"]),
                "multisample": (row["multisample"], row["multisample_se"]),
                "log_px": row["log_px"],
            }
            for split, row in ours.iterrows()
        },
    }

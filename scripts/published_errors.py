"""How large each of the published solution's errors is, measured in this study.

One row per number: the claim's key (its text is in flowcheck.course.claims), what was measured, its
size and its standard error. A claim that this study has no number for has a row without one.
"""

from step import snakemake

import numpy as np
import pandas as pd
import torch
from flowcheck import files, histories, plane
from flowcheck.course import autoencoder, chains, denormal, measured
from flowcheck.course.claims import CLAIMS
from flowcheck.course.rows import Row
from flowcheck.flows import make_flow
from flowcheck.seeds import generators_for, seed_for
from flowcheck.vae import VAE
from load_images import load_images
from load_target import load_target

# The published flow that its likelihood ends, its draws per gradient, and its trajectory.
PLANAR, SAMPLES = {"layers": 8}, 100

params, paths = snakemake.params, snakemake.input
torch.set_num_threads(1)


def short_run() -> dict:
    """What the published run, 500 draws after 500, is worth."""
    tree = files.read_chains(paths.chains)
    return chains.worth(
        tree["posterior"]["theta"].values, tree["sample_stats"]["acceptance_rate"].values
    )


def of_chains(target, short: dict) -> dict[str, list[Row]]:
    """What the published sampler's habits do to its draws."""
    exact, run = files.read_json(paths.exact), params.run
    draws = torch.from_numpy(files.read_arrays(paths.exact_draws)["theta"][: params.starts])
    generator = torch.Generator().manual_seed(seed_for(params.seed, params.target, "accepted"))
    dropped = chains.accepted_only(
        target.log_density,
        target.gradient,
        draws,
        params.momenta,
        run["step_size"],
        run["leapfrog_steps"],
        generator,
    )
    spread = {"theta1": exact["variance"][0]}
    found = [
        Row(f"effective sample size of {short['draws']} draws: {name}", size)
        for name, size in short["effective"].items()
    ]

    def log_density(x):
        return target.log_density(torch.from_numpy(x)).numpy()

    # Twelve standard deviations: the banana's ends are farther out than a Gaussian's.
    box = np.array(exact["mean"]), 12 * np.sqrt(exact["variance"])
    average = plane.expectation(log_density, log_density, *box)
    at_start = float(log_density(np.zeros((1, 2)))[0])
    return {
        "accepted_only": dropped + chains.standard_errors(spread),
        "fixed_length": [*found, Row("acceptance rate", short["acceptance_rate"])],
        "shrinking": [
            Row(
                f"mean number of trajectories until L is 1; from L = {run['leapfrog_steps']}",
                chains.draws_until_one(run["leapfrog_steps"]),
            )
        ],
        "kept_start": chains.kept_start(at_start, average, exact["mean"][0]),
    }


def of_flows(target) -> dict[str, list[Row]]:
    """What the published training loses, and what its numbers leave out."""
    divergence = files.read_table(paths.divergence)
    families = params.course_flows
    printed = [flow for flow, family in families.items() if family == "realnvp_printed"]
    right = [flow for flow, family in families.items() if family == "realnvp"]
    y, model = files.read_arrays(paths.data)["y"], target.model
    likelihood = denormal.underflowing(y, model.sigma_y, model.sigma_theta)
    flow = make_flow("planar", target.dim, PLANAR)
    runs = [
        denormal.train(
            flow,
            log_density,
            generators_for(params.initialisations, params.seed, "underflow"),
            params.iterations,
            SAMPLES,
        )
        for log_density in (likelihood, target.log_density)
    ]
    # The evidence on the scale of the curve, which leaves the constants out.
    origin = torch.zeros(1, 2)
    constants = float(target.log_density(origin)) - float(likelihood(origin))
    evidence = files.read_json(paths.exact)["log_evidence"] - constants
    return {
        "printed_shift": measured.printed_shift(divergence, printed, right) if printed else [],
        "denormal": measured.denormal(*runs, evidence),
        "one_seed": measured.by_seed(divergence, list(families)),
        "neighbours": measured.neighbours(files.read_table(paths.floor), divergence, right),
    }


def of_theory() -> dict[str, list[Row]]:
    """The first question's inequality, on the lattice where both of its sides are exact."""
    two_steps = files.read_json(paths.contraction_facts)["two_steps"]
    return {
        "equality": measured.equality(files.read_table(paths.contraction)),
        "stronger": measured.stronger(**two_steps),
    }


def of_autoencoders() -> dict[str, list[Row]]:
    """What the autoencoders trained as published lose, one after the other."""
    keys = ("entropy_sign", "grey_levels", "l1000", "two_curves", "generated", "mesh")
    rows = {key: [] for key in keys}
    seen = set()
    for i, (name, settings) in enumerate(params.course_vaes.items()):
        image_set = name.split("/")[0]
        images = load_images(paths.vae_images[i])
        bounds = files.read_table(paths.vae_bounds[i])
        if image_set not in seen:
            seen.add(image_set)
            rows["grey_levels"].append(measured.grey_pixels(image_set, images["intensity"]))
        rows["grey_levels"] += measured.by_training_images(name, settings["binarise"], bounds)
        rows["l1000"].append(measured.one_sample_bound(name, bounds))
        pictures = files.read_arrays(paths.vae_pictures[i])
        rows["generated"] += measured.reconstructions(name, pictures)
        rows["mesh"] += measured.mesh_limits(name, files.read_arrays(paths.vae_latent[i])["mean"])
        sign, curves = along_training(
            name, settings, images, paths.vae_snapshots[i], paths.vae_training[i]
        )
        rows["entropy_sign"].append(sign)
        rows["two_curves"] += curves
    return rows


def along_training(name, settings, images, snapshots, training) -> tuple[Row, list[Row]]:
    """The entropy's sign in the end, and how far an epoch's running mean is off, at both ends."""
    train, test = (images["split"] == split for split in ("train", "test"))
    shown = images["binary"] if settings["binarise"] == "static" else images["intensity"]
    x = torch.from_numpy(shown[train])
    history = files.read_table(training).set_index("epoch")["objective"]
    weights = histories.snapshots_of(files.read_weights(snapshots))
    model = VAE(x.shape[1], settings["hidden"], settings["latent"])
    generator = torch.Generator().manual_seed(seed_for(params.seed, "curves", name))
    rows = []
    for epoch in (min(weights), max(weights)):
        model.load_state_dict(weights[epoch])
        end = autoencoder.at_the_end(model, x, settings["binarise"] == "dynamic", generator)
        rows.append(autoencoder.two_curves(name, epoch, history[epoch], end))
    binary = torch.from_numpy(images["binary"][test])
    return autoencoder.entropy_sign(name, model, binary), rows


target, short = load_target(snakemake), short_run()
found = of_theory() | of_flows(target) | of_chains(target, short) | of_autoencoders()
unknown = Row("", float("nan"), float("nan"))
table = pd.DataFrame(
    [(claim.key, *row) for claim in CLAIMS for row in found.get(claim.key) or [unknown]],
    columns=["claim", "measured", "size", "se"],
)
files.write_table(snakemake.output.table, table)
files.write_json(snakemake.output.short_run, short)

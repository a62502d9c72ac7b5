"""What readers can explore on the page for one target: its flows block by block and as they
learn, and draws with the truth's. One job for all flows, since starting it costs more than its
work."""

from step import snakemake

import numpy as np
import torch
from flowcheck import files, histories, layers
from flowcheck.named_draws import worst_parameters
from flowcheck.seeds import seed_for
from load_flow import read_flow, replicate
from load_target import load_target

params, paths, output = snakemake.params, snakemake.input, snakemake.output
torch.set_num_threads(1)
posterior = load_target(snakemake)
moments = files.read_table(paths.moments)
plane = layers.worst_plane(moments, layers.coordinate_of(posterior), posterior.dim)
# As the banana's pages write them; of any other posterior, as its moments.csv does.
WRITTEN = {"theta[0]": "θ₁", "theta[1]": "θ₂"} if params.family == "banana" else {}
plane_names = [layers.coordinate_names(posterior)[place] for place in plane]
plane_names = [WRITTEN.get(name, name) for name in plane_names]
# The same points of the base go through every flow.
generator = torch.Generator().manual_seed(seed_for(params.seed, params.target, "layers"))
z = torch.randn(params.points, posterior.dim, generator=generator, dtype=torch.float64)
shared = {"z": z.numpy(), "plane": np.array(plane), "names": np.array(plane_names)}

for number, own in enumerate(params.flows.values()):
    flow, weights = read_flow(paths.models[number], posterior.dim, **own)
    one = replicate(weights, 0)
    grid = layers.grid(posterior.dim, layers.plane_of_base(flow, one, plane))
    files.write_arrays(
        output[f"layers_{number}"],
        x=layers.frames_of_layers(flow, one, z),
        lines=layers.frames_of_layers(flow, one, grid),
        **shared,
    )
    taken = histories.snapshots_of(files.read_weights(paths.snapshots[number]))
    snapshots = {
        done: {name: value.double() for name, value in own.items()}
        for done, own in histories.powers_of_ten(taken).items()
    }
    files.write_arrays(
        output[f"snapshots_{number}"],
        x=layers.frames_of_learning(flow, snapshots, z),
        lines=layers.frames_of_learning(flow, snapshots, grid),
        iteration=np.array(list(snapshots)),
        **shared,
    )

# Of the draws, the two parameters that are approximated worst, as readers know them.
shown = worst_parameters(moments, 2)
columns = [posterior.coordinates.index(name) for name in shown]
exact = files.read_arrays(paths.exact_draws)["theta"]
if len(exact) == 0 and files.read_json(paths.truth)["draws"] == "hmc":
    exact = files.read_theta(paths.chains).reshape(-1, posterior.dim)
# Evenly spaced, so that all chains are among them.
exact = exact[np.linspace(0, len(exact) - 1, min(params.draws, len(exact))).astype(int)]


def as_shown(theta: np.ndarray) -> np.ndarray:
    """Unconstrained draws [..., dim] as the parameters that are shown, float32."""
    return posterior.flat(torch.from_numpy(theta))[..., columns].float().numpy()


# Of a flow on a line its place is shown above that of z, where no draw of the truth has one.
ground = exact[:, list(plane)] if len(plane) > 1 else np.empty((0, 2))
files.write_arrays(
    output.touch,
    names=np.array([WRITTEN.get(name, name) for name in shown]),
    flows=np.array(list(params.flows)),
    truth=as_shown(exact),
    draws=np.stack(
        [as_shown(files.read_arrays(path)["theta"][0, : params.draws]) for path in paths.draws]
    ),
    plane_names=np.array(plane_names),
    truth_in_plane=ground.astype(np.float32),
)

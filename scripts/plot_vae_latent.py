"""Figure: the test set in the latent plane, and what the same rectangle decodes to."""

from step import snakemake

from flowcheck import files
from flowcheck.plots.vae import plot_latent_plane

latent = files.read_arrays(snakemake.input.latent)
pictures = files.read_arrays(snakemake.input.pictures)
figure = plot_latent_plane(
    latent["mean"], latent["label"], pictures["mesh"], pictures["z1"], pictures["z2"]
)
files.write_figure(snakemake.output, figure)

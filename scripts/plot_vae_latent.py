"""Figure: the test set in the latent plane, and what the same rectangle decodes to."""

from step import snakemake

from drawing import write_figures
from flowcheck import files
from flowcheck.plots.vae import plot_latent_plane

latent = files.read_arrays(snakemake.input.latent)
pictures = files.read_arrays(snakemake.input.pictures)
drawn = latent["mean"], latent["label"], pictures["mesh"], pictures["z1"], pictures["z2"]
write_figures(snakemake.output, plot_latent_plane, *drawn)

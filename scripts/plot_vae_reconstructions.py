"""Figure: binary test images, and what their latent means decode to."""

from step import snakemake

from flowcheck import files
from flowcheck.plots.images import plot_reconstructions

pictures = files.read_arrays(snakemake.input.pictures)
figure = plot_reconstructions(pictures["binary"], pictures["reconstructed"], columns=10)
files.write_figure(snakemake.output, figure)

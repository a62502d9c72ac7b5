"""Figure: binary test images, and what their latent means decode to."""

from step import snakemake

from drawing import write_figures
from flowcheck import files
from flowcheck.plots.images import plot_reconstructions

pictures = files.read_arrays(snakemake.input.pictures)
drawn = pictures["binary"], pictures["reconstructed"]
write_figures(snakemake.output, plot_reconstructions, *drawn, 10)

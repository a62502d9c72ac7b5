"""Figure: real images, or images generated from the prior, on a square grid."""

from step import snakemake

import math

from flowcheck import files
from flowcheck.plots.images import plot_image_grid

images = files.read_arrays(snakemake.input.pictures)[snakemake.params.shown]
figure = plot_image_grid(images, columns=math.isqrt(len(images)))
files.write_figure(snakemake.output, figure)

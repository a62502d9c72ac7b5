"""Figure: each approximation's draws over the truth's, small, for the two worst parameters."""

from step import snakemake

import math

from draws_by_name import drawn
from flowcheck import files
from flowcheck.labels import label
from flowcheck.plots.thumbnails import plot_thumbnails
from flowcheck.rounding import mathtext

table = files.read_table(snakemake.input.table)
first = table.drop_duplicates("flow").set_index("flow")["kl"]
truth, approximations, families = drawn(snakemake, count=2)
titles = {
    name: f"{label(name)}\n{mathtext(first[name])}" if math.isfinite(first[name]) else label(name)
    for name in approximations
}
figure = plot_thumbnails(truth, approximations, families, titles)
files.write_figure([snakemake.output.png, snakemake.output.svg], figure)

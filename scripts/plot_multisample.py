"""Figure: the gap of the multi-sample bound against the number of samples."""

from step import snakemake

from drawing import write_figures
from flowcheck import files
from flowcheck.plots.theory import plot_multisample

gaps = files.read_table(snakemake.input.gaps)
write_figures(snakemake.output, plot_multisample, gaps, snakemake.params.families)

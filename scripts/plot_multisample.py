"""Figure: the gap of the multi-sample bound against the number of samples."""

from step import snakemake

import pandas as pd
from drawing import write_figures
from flowcheck.plots.theory import plot_multisample

gaps = pd.read_csv(snakemake.input.gaps)
write_figures(snakemake.output, plot_multisample, gaps, snakemake.params.families)

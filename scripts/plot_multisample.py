"""Figure: the gap of the multi-sample bound against the number of samples."""

from step import snakemake

import pandas as pd
from flowcheck import files
from flowcheck.plots.theory import plot_multisample

gaps = pd.read_csv(snakemake.input.gaps)
files.write_figure(snakemake.output, plot_multisample(gaps, snakemake.params.families))

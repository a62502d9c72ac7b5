"""Figure: errors of means and standard deviations, parameter by parameter."""

from step import snakemake

import pandas as pd
from drawing import write_figures
from flowcheck.plots.moments import plot_moments

moments = pd.read_csv(snakemake.input.moments, keep_default_na=False, na_values=[""])
write_figures(snakemake.output, plot_moments, moments, snakemake.params.families)

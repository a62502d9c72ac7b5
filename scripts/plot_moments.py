"""Figure: errors of means and standard deviations, parameter by parameter."""

from step import snakemake

import pandas as pd
from flowcheck import files
from flowcheck.plots.moments import plot_moments

moments = pd.read_csv(snakemake.input.moments, keep_default_na=False, na_values=[""])
files.write_figure(snakemake.output, plot_moments(moments, snakemake.params.families))

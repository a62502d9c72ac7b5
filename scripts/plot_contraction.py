"""Figure: KL against the step under exactly known kernels."""

from step import snakemake

from drawing import write_figures
from flowcheck import files
from flowcheck.plots.theory import plot_contraction

table = files.read_table(snakemake.input.table)
facts = files.read_json(snakemake.input.facts)["kernels"]
rates = {kernel: fact["rate"] for kernel, fact in facts.items()}
write_figures(snakemake.output, plot_contraction, table, rates)

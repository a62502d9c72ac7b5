"""Figure: how far ELBO and L_K lie below log p(x), image by image."""

from step import snakemake

from drawing import write_figures
from flowcheck import files
from flowcheck.plots.vae import plot_gaps

by_image = files.read_arrays(snakemake.input.by_image)
gaps = {}
for split in ("train", "test"):
    ours = {name: values[by_image["split"] == split] for name, values in by_image.items()}
    gaps[split] = {}
    for bound in ("elbo", f"L_{snakemake.params.samples}"):
        gap = ours["log_px"] - ours[bound]
        gaps[split][bound] = gap[gap == gap]  # not a number where a bound was not computed
write_figures(snakemake.output, plot_gaps, gaps)

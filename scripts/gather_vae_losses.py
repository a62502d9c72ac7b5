"""What each autoencoder of one image set loses: log p(x) - L_K - ELBO, train against test."""

from step import snakemake

import pandas as pd
from flowcheck import files

params = snakemake.params
multisample = f"L_{params.samples}"
rows = []
for vae, table, run in zip(params.vaes, snakemake.input.bounds, snakemake.input.runs, strict=True):
    bounds = files.read_table(table)
    last = bounds[bounds["epoch"] == bounds["epoch"].max()].set_index(["split", "bound"])
    everything = files.read_json(run)
    for split in ("train", "test"):
        value, se = last.loc[split, "value"], last.loc[split, "se"]
        rows.append(
            {
                "vae": vae,
                "split": split,
                "log_px_all": everything["log_px"][split],
                "elbo_all": everything["elbo"][split],
                "elbo_all_se": everything["elbo_se"][split],
                "images": int(last.loc[(split, "log_px"), "images"]),
                "log_px": value["log_px"],
                "k": params.samples,
                "multisample": value[multisample],
                "multisample_se": se[multisample],
                "elbo": value["elbo"],
                "elbo_se": se["elbo"],
                "log_px_minus_multisample": value["log_px"] - value[multisample],
                "multisample_minus_elbo": value[multisample] - value["elbo"],
            }
        )
files.write_table(snakemake.output.table, pd.DataFrame(rows))

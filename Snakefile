# flowcheck: variational approximations beside the truth they approximate.
# An index: the stages, and what to ask for by name. The first rule is what a plain `snakemake` makes.

from snakemake.utils import min_version

from workflow.lib.jobs import prepare
from workflow.lib.screen import take_over

min_version("9.0")
prepare()
take_over(workflow, report=lambda: out("report.html"))


configfile: "config/config.yaml"


# What `snakemake --report` says of the whole.
report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/figures_common.smk"


localrules:
    report,
    figures,


rule report:
    input:
        out("report.html"),


rule figures:
    input:
        expand(
            out("figures/{target}/{name}.png"),
            target=TARGETS,
            name=TARGET_FIGURES,
        ),
        expand(out("figures/vae/{images}/comparison.png"), images=IMAGES),
        of_every_vae("figures/vae/{images}/{vae}/{name}.png", name=VAE_FIGURES),
        expand(out("figures/theory/{name}.png"), name=THEORY_FIGURES),


include: "workflow/rules/truth.smk"
include: "workflow/rules/flows.smk"
include: "workflow/rules/training_parts.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/vae.smk"
include: "workflow/rules/vae_figures.smk"
include: "workflow/rules/theory_common.smk"
include: "workflow/rules/theory.smk"
include: "workflow/rules/theory_bounds.smk"
include: "workflow/rules/theory_figures.smk"
include: "workflow/rules/report.smk"


# Each target by its own name.
for target in TARGETS:

    rule:
        name:
            target
        input:
            expand(
                out("{target}/{file}"),
                target=target,
                file=[
                    "divergence.csv",
                    "knn_floor.csv",
                    "hmc/long.json",
                    "hmc/short.nc",
                ],
            ),
            expand(
                out("figures/{target}/{name}.png"), target=target, name=TARGET_FIGURES
            ),
        localrule: True

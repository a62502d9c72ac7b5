# flowcheck: variational approximations beside the truth they approximate.
# An index: the stages, and what to ask for by name. The first rule is what a plain `snakemake` makes.

from snakemake.utils import min_version

min_version("9.0")


configfile: "config/config.yaml"


include: "workflow/rules/common.smk"


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
            name=["elbo", "few_draws", "many_draws", "divergences"],
        ),


include: "workflow/rules/truth.smk"
include: "workflow/rules/flows.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/report.smk"

# flowcheck: variational approximations beside the truth they approximate.
# An index: the stages, and what to ask for by name. The first rule is what a plain `snakemake` makes.

from snakemake.utils import min_version

min_version("9.0")


configfile: "config/config.yaml"


include: "workflow/rules/common.smk"


localrules:
    report,


rule report:
    input:
        expand(out("{target}/divergence.csv"), target=TARGETS),
        expand(out("{target}/knn_floor.csv"), target=TARGETS),


include: "workflow/rules/truth.smk"
include: "workflow/rules/flows.smk"

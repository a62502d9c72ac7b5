# flowcheck: variational approximations beside the truth they approximate.
# An index: the stages, and what to ask for by name. The first rule is what a plain `snakemake` makes.

from snakemake.utils import min_version

min_version("9.0")


# What `snakemake --report` says of the whole.
report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/paths.smk"
include: "workflow/rules/params.smk"
include: "workflow/rules/figures_common.smk"
include: "workflow/rules/layers_common.smk"


localrules:
    report,
    figures,
    vae,
    theory,


rule report:
    input:
        out("report.html"),
        out("summary.md") if TARGETS else [],


rule figures:
    input:
        target_figures(".png", *TARGETS),
        expand(out("figures/vae/{images}/comparison.png"), images=IMAGES),
        of_every_vae("figures/vae/{images}/{vae}/{name}.png", name=VAE_FIGURES),
        expand(out("figures/theory/{name}.png"), name=THEORY_FIGURES),
        out("figures/overview.png") if TARGETS else [],
        out("figures/glance.png") if FLOWS.get(STUDIED) else [],


rule vae:
    input:
        of_every_vae("vae/{images}/{vae}/bounds.csv"),
        of_every_vae("vae/{images}/{vae}/latent.npz"),
        of_every_vae("figures/vae/{images}/{vae}/{name}.png", name=VAE_FIGURES),
        expand(out("vae/{images}/losses.csv"), images=IMAGES),
        expand(out("figures/vae/{images}/comparison.png"), images=IMAGES),


# Of the problem set: empty where the study has no banana.
rule theory:
    input:
        expand(
            out("theory/{table}.csv"),
            table=(
                ["kl_contraction", "multisample_bounds", "published_errors"]
                if STUDIED
                else []
            ),
        ),
        VAE_BOUNDS,
        expand(out("figures/theory/{name}.png"), name=THEORY_FIGURES),
        out("figures/overview.png") if TARGETS else [],


include: "workflow/rules/truth.smk"
include: "workflow/rules/hmc.smk"
include: "workflow/rules/flows.smk"
include: "workflow/rules/training_parts.smk"
include: "workflow/rules/approximations.smk"
include: "workflow/rules/measures.smk"
include: "workflow/rules/layers.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/parameter_figures.smk"
include: "workflow/rules/gallery_figures.smk"
include: "workflow/rules/vae.smk"
include: "workflow/rules/vae_figures.smk"


if STUDIED:

    include: "workflow/rules/theory_common.smk"
    include: "workflow/rules/theory.smk"
    include: "workflow/rules/theory_bounds.smk"
    include: "workflow/rules/theory_figures.smk"


if FLOWS.get(STUDIED):

    include: "workflow/rules/glance.smk"


include: "workflow/rules/provenance.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/check.smk"


# Each target by its own name.
for target in TARGETS:

    rule:
        name:
            target
        input:
            truth_files(target),
            target_figures(".png", target),
        localrule: True

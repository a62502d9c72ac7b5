# The report, and where its numbers come from.


localrules:
    record_provenance,
    make_report,


# The long steps, by the name the report gives them, with the JSON each leaves about its run.
LONG_STEPS = {
    f"{target}: {step}": out(f"{target}/{path}")
    for target in sorted(TARGETS)
    for step, path in [
        ("HMC, short", "hmc/short_run.json"),
        ("HMC, long", "hmc/long_run.json"),
        *((f"training {flow}", f"flows/{flow}/run.json") for flow in sorted(FLOWS)),
    ]
} | {
    f"{images}: {step} {vae}": out(f"vae/{images}/{vae}/{file}.json")
    for images in sorted(IMAGES)
    for vae in sorted(VAES)
    for step, file in [("training", "training"), ("bounds of", "bounds")]
}


rule record_provenance:
    input:
        runs=list(LONG_STEPS.values()),
        data=expand(out("{target}/data.npz"), target=sorted(TARGETS)),
        images=expand(out("vae/{images}/images.json"), images=sorted(IMAGES)),
        code=sources("scripts/record_provenance.py"),
    output:
        provenance=out("provenance.json"),
    log:
        log_of("provenance"),
    cache: True
    conda:
        ENVIRONMENT
    params:
        config=config,
        steps=list(LONG_STEPS),
        targets=sorted(TARGETS),
        image_sets=sorted(IMAGES),
    script:
        "../../scripts/record_provenance.py"


rule make_report:
    input:
        data=expand(out("{target}/data.npz"), target=sorted(TARGETS)),
        exact=expand(out("{target}/exact.json"), target=sorted(TARGETS)),
        verdict=expand(out("{target}/hmc/long.json"), target=sorted(TARGETS)),
        divergence=expand(out("{target}/divergence.csv"), target=sorted(TARGETS)),
        floor=expand(out("{target}/knn_floor.csv"), target=sorted(TARGETS)),
        elbo=expand(out("figures/{target}/elbo.svg"), target=sorted(TARGETS)),
        few_draws=expand(out("figures/{target}/few_draws.svg"), target=sorted(TARGETS)),
        many_draws=expand(
            out("figures/{target}/many_draws.svg"), target=sorted(TARGETS)
        ),
        divergences=expand(
            out("figures/{target}/divergences.svg"), target=sorted(TARGETS)
        ),
        images=expand(out("vae/{images}/images.json"), images=sorted(IMAGES)),
        losses=expand(out("vae/{images}/losses.csv"), images=sorted(IMAGES)),
        comparison=expand(
            out("figures/vae/{images}/comparison.svg"), images=sorted(IMAGES)
        ),
        vae_runs=of_every_vae("vae/{images}/{vae}/bounds.json"),
        vae_figures=of_every_vae(
            "figures/vae/{images}/{vae}/{name}.png", name=VAE_FIGURES
        ),
        contraction=out("theory/kl_contraction.csv"),
        contraction_facts=out("theory/kl_contraction.json"),
        multisample=out("theory/multisample_bounds.csv"),
        theory_vae_bounds=VAE_BOUNDS,
        published_errors=out("theory/published_errors.csv"),
        short_run=out("theory/short_run.json"),
        constant_jacobian=out("theory/constant_jacobian.csv"),
        theory_figures=expand(out("figures/theory/{name}.svg"), name=THEORY_FIGURES),
        appendix="docs/theory.md",
        provenance=out("provenance.json"),
        code=sources("scripts/make_report.py"),
    output:
        report=out("report.html"),
    log:
        log_of("report"),
    cache: True
    conda:
        ENVIRONMENT
    params:
        targets={name: TARGETS[name] for name in sorted(TARGETS)},
        kl_draws=config["divergence"]["kl_draws"],
        vaes={
            images: {vae: vae_params(config, images, vae) for vae in sorted(VAES)}
            for images in sorted(IMAGES)
        },
        vae_figures=VAE_FIGURES,
        theory_figures=THEORY_FIGURES,
    script:
        "../../scripts/make_report.py"

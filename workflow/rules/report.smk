# The report, and its summary.


localrules:
    make_report,
    make_summary,


# What the pages of the theory are made from, where the study has them.
THEORY_PAGES = (
    {
        "contraction": out("theory/kl_contraction.csv"),
        "contraction_facts": out("theory/kl_contraction.json"),
        "multisample": out("theory/multisample_bounds.csv"),
        "theory_vae_bounds": VAE_BOUNDS,
        "published_errors": out("theory/published_errors.csv"),
        "short_run": out("theory/short_run.json"),
        "constant_jacobian": out("theory/constant_jacobian.csv"),
        "theory_figures": expand(out("figures/theory/{name}.svg"), name=THEORY_FIGURES),
        "appendix": local(shortest(ROOT / "docs" / "theory.md")),
    }
    if STUDIED
    else {}
)


# Figures as phones show them, beside those that the pages name; one is small for all.
NARROW_FIGURES = (
    [
        path
        for path in target_figures("_narrow.svg", *TARGETS)
        if not path.endswith("thumbnails_narrow.svg")
    ]
    + ([out("figures/overview_narrow.svg")] if TARGETS else [])
    + expand(out("figures/theory/{name}_narrow.svg"), name=THEORY_FIGURES)
    + expand(out("figures/vae/{images}/comparison_narrow.svg"), images=sorted(IMAGES))
    + of_every_vae(
        "figures/vae/{images}/{vae}/{name}_narrow.svg",
        name=["bounds", "gaps", "latent", "reconstructions"],
    )
)
# What the page's sliders and charts show.
TOUCHED = {
    "layers": of_every_flow("{target}/flows/{flow}/layers.npz", TARGETS),
    "snapshots": of_every_flow("{target}/flows/{flow}/snapshots.npz", TARGETS),
    "histories": of_every_flow("{target}/flows/{flow}/elbo.csv", TARGETS),
    "touch": [
        out(f"{target}/touch.npz") for target in sorted(TARGETS) if FLOWS[target]
    ],
    "vae_plane": of_every_vae("vae/{images}/{vae}/latent.npz"),
    "vae_by_image": of_every_vae("vae/{images}/{vae}/image_bounds.npz"),
    "vae_touch": of_every_vae("vae/{images}/{vae}/touch.npz"),
    "vae_pictures": of_every_vae("vae/{images}/{vae}/pictures.npz"),
}
FAMILIES_BY_TARGET = {target: families_of(target) for target in sorted(TARGETS)}


rule make_report:
    input:
        **THEORY_PAGES,
        **TOUCHED,
        data=of_targets("{target}/data.npz"),
        exact=of_targets("{target}/exact.json"),
        verdict=of_targets("{target}/hmc/long.json"),
        divergence=of_targets("{target}/divergence.csv"),
        divergence_facts=of_everything("divergence.json", *TARGETS),
        floor=of_targets("{target}/knn_floor.csv"),
        truth=of_targets("{target}/truth.json"),
        moments=of_targets("{target}/moments.csv"),
        evidence=of_targets("{target}/evidence.json"),
        costs=of_everything("run.json", *TARGETS),
        gaussians=expand(
            out("{target}/gaussian_run.json"), target=gaussian_runs(*TARGETS)
        ),
        look=of_targets("{target}/check.json"),
        target_figures=target_figures(".svg", *TARGETS),
        overview=out("figures/overview.svg") if TARGETS else [],
        narrow_figures=NARROW_FIGURES,
        images=expand(out("vae/{images}/images.json"), images=sorted(IMAGES)),
        losses=expand(out("vae/{images}/losses.csv"), images=sorted(IMAGES)),
        comparison=expand(
            out("figures/vae/{images}/comparison.svg"), images=sorted(IMAGES)
        ),
        vae_runs=of_every_vae("vae/{images}/{vae}/bounds.json"),
        vae_figures=of_every_vae(
            "figures/vae/{images}/{vae}/{name}.svg", name=VAE_FIGURES
        ),
        provenance=out("provenance.json"),
    output:
        report=out("report.html"),
    log:
        log_of("report"),
    cache: CACHE
    conda:
        ENVIRONMENT
    params:
        code=code("make_report"),
        targets={
            name: TARGETS[name] | {"family": FAMILIES[name]}
            for name in sorted(TARGETS)
        },
        target_figures={target: TARGET_FIGURES[target] for target in sorted(TARGETS)},
        families=FAMILIES_BY_TARGET,
        flows={target: FLOWS[target] for target in sorted(TARGETS)},
        coordinates={
            target: {
                flow: FLOW_PARAMS[target, flow]["coordinates"]
                for flow in FLOWS[target]
            }
            for target in sorted(TARGETS)
        },
        costs=costed(*TARGETS),
        gaussians=gaussian_runs(*TARGETS),
        vaes={
            images: {vae: vae_params(config, images, vae) for vae in sorted(VAES)}
            for images in sorted(IMAGES)
        },
        vae_figures=VAE_FIGURES,
        theory_figures=THEORY_FIGURES,
    script:
        "../../scripts/make_report.py"


rule make_summary:
    input:
        **({"constant_jacobian": THEORY_PAGES["constant_jacobian"]} if STUDIED else {}),
        verdict=of_targets("{target}/hmc/long.json"),
        divergence=of_targets("{target}/divergence.csv"),
        divergence_facts=of_everything("divergence.json", *TARGETS),
        truth=of_targets("{target}/truth.json"),
        moments=of_targets("{target}/moments.csv"),
        look=of_targets("{target}/check.json"),
    output:
        summary=out("summary.md"),
    log:
        log_of("summary"),
    cache: CACHE
    conda:
        ENVIRONMENT
    params:
        code=code("make_summary"),
        families=FAMILIES_BY_TARGET,
    script:
        "../../scripts/make_summary.py"

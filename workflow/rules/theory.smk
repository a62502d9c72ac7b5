# The theory made visible: kernels that shrink KL, bounds that rise, gradients that quieten.

THEORY = config["theory"]
# Kernels and gradients are studied on one posterior: the one named, else the first by name.
STUDIED = THEORY["target"] or min(TARGETS)
STUDIED_MODULE = f"flowcheck.targets.{TARGETS[STUDIED]['family']}"
STUDIED_PARAMS = {
    "target": STUDIED,
    "family": TARGETS[STUDIED]["family"],
    "settings": settings_of(STUDIED),
}
# The flow along whose training gradients are studied, if the study trains it.
GRADIENT_FLOW = THEORY["gradients"]["flow"]
# What was trained as the problem set has it, for the page of the published solution's errors.
COURSE_FLOWS = [
    flow for flow in ORDER if flow_params(config, flow)["recipe_name"] == "course"
]
COURSE_VAES = [
    f"{images}/{vae}"
    for images in sorted(IMAGES)
    for vae in sorted(VAES)
    if vae_params(config, images, vae)["recipe_name"] == "course"
]


def theory_figure(name):
    """The files of one figure of the theory."""
    return multiext(out(f"figures/theory/{name}"), png=".png", svg=".svg")


localrules:
    theory,
    gather_multisample,


rule theory:
    input:
        out("theory/kl_contraction.csv"),
        out("theory/multisample_bounds.csv"),
        out("theory/published_errors.csv"),
        VAE_BOUNDS,
        expand(out("figures/theory/{name}.png"), name=THEORY_FIGURES),


rule theory_contraction:
    input:
        data=out(f"{STUDIED}/data.npz"),
        exact=out(f"{STUDIED}/exact.json"),
        code=sources("scripts/theory_contraction.py", STUDIED_MODULE),
    output:
        table=out("theory/kl_contraction.csv"),
        facts=out("theory/kl_contraction.json"),
    log:
        log_of("theory/kl_contraction"),
    cache: True
    conda:
        ENVIRONMENT
    params:
        **STUDIED_PARAMS,
        points=THEORY["contraction"]["points"],
        steps=THEORY["contraction"]["steps"],
    script:
        "../../scripts/theory_contraction.py"


rule theory_multisample:
    input:
        data=out("{target}/data.npz"),
        exact=out("{target}/exact.json"),
        model=out("{target}/flows/{flow}/model.safetensors"),
        code=flow_code("scripts/theory_multisample.py"),
    output:
        bounds=out("theory/multisample/{target}/{flow}_bounds.csv"),
        gaps=out("theory/multisample/{target}/{flow}_gaps.csv"),
    log:
        log_of("theory/multisample/{target}/{flow}"),
    cache: True
    conda:
        ENVIRONMENT
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        seed=config["seed"],
        target="{target}",
        family=lambda wc: TARGETS[wc.target]["family"],
        settings=target_settings,
        flow="{flow}",
        flow_family=flow_setting("family"),
        sizes=flow_setting("sizes"),
        replicates=flow_setting("replicates"),
        samples=THEORY["multisample"]["samples"],
        draws=THEORY["multisample"]["draws"],
    script:
        "../../scripts/theory_multisample.py"


rule theory_vae_bounds:
    input:
        images=out("vae/{images}/images.npz"),
        model=out("vae/{images}/{vae}/model.safetensors"),
        by_image=out("vae/{images}/{vae}/image_bounds.npz"),
        code=sources("scripts/theory_vae_bounds.py"),
    output:
        bounds=out("theory/vae/{images}/{vae}_bounds.csv"),
    log:
        log_of("theory/vae/{images}/{vae}"),
    cache: True
    conda:
        ENVIRONMENT
    threads: vae_threads
    resources:
        mem_mb=6000,
        runtime=60,
    params:
        seed=config["seed"],
        threads=vae_threads,
        images="{images}",
        vae="{vae}",
        hidden=vae_setting("hidden"),
        latent=vae_setting("latent"),
        samples=THEORY["multisample"]["samples"],
    script:
        "../../scripts/theory_vae_bounds.py"


if VAE_BOUNDS:

    rule gather_vae_bounds:
        input:
            bounds=of_every_vae("theory/vae/{images}/{vae}_bounds.csv"),
            code=sources("scripts/gather_tables.py"),
        output:
            bounds=out("theory/vae_bounds.csv"),
        log:
            log_of("theory/vae_bounds"),
        cache: True
        localrule: True
        conda:
            ENVIRONMENT
        script:
            "../../scripts/gather_tables.py"


rule theory_heavy_tails:
    input:
        code=sources("scripts/theory_heavy_tails.py"),
    output:
        gaps=out("theory/multisample/heavy_tails.csv"),
    log:
        log_of("theory/multisample/heavy_tails"),
    cache: True
    conda:
        ENVIRONMENT
    params:
        seed=config["seed"],
        # Variances of q for p = N(0, 1): the weights of the second have none themselves.
        variances={"close": 0.8, "narrow": 0.2},
        samples=THEORY["multisample"]["samples"],
        draws=THEORY["multisample"]["draws"],
    script:
        "../../scripts/theory_heavy_tails.py"


rule gather_multisample:
    input:
        bounds=expand(
            out("theory/multisample/{target}/{flow}_bounds.csv"),
            target=sorted(TARGETS),
            flow=ORDER,
        ),
        gaps=[
            *expand(
                out("theory/multisample/{target}/{flow}_gaps.csv"),
                target=sorted(TARGETS),
                flow=ORDER,
            ),
            out("theory/multisample/heavy_tails.csv"),
        ],
        code=sources("scripts/gather_tables.py"),
    output:
        bounds=out("theory/multisample_bounds.csv"),
        gaps=out("theory/multisample_gaps.csv"),
    log:
        log_of("theory/multisample_bounds"),
    cache: True
    conda:
        ENVIRONMENT
    script:
        "../../scripts/gather_tables.py"


rule published_errors:
    input:
        data=out(f"{STUDIED}/data.npz"),
        exact_draws=out(f"{STUDIED}/exact_draws.npz"),
        divergence=out(f"{STUDIED}/divergence.csv"),
        floor=out(f"{STUDIED}/knn_floor.csv"),
        contraction=out("theory/kl_contraction.csv"),
        vae_bounds=expand(out("vae/{vae}/bounds.csv"), vae=COURSE_VAES),
        vae_latent=expand(out("vae/{vae}/latent.npz"), vae=COURSE_VAES),
        vae_pictures=expand(out("vae/{vae}/pictures.npz"), vae=COURSE_VAES),
        code=sources(
            "scripts/published_errors.py",
            STUDIED_MODULE,
            "flowcheck.flows.planar",
            "flowcheck.flows.nice",
        ),
    output:
        table=out("theory/published_errors.csv"),
    log:
        log_of("theory/published_errors"),
    cache: True
    conda:
        ENVIRONMENT
    params:
        **STUDIED_PARAMS,
        **THEORY["published"],
        seed=config["seed"],
        run=config["hmc"]["short"],
        course_flows=COURSE_FLOWS,
        course_vaes=COURSE_VAES,
    script:
        "../../scripts/published_errors.py"


rule plot_contraction:
    input:
        table=out("theory/kl_contraction.csv"),
        facts=out("theory/kl_contraction.json"),
        code=sources("scripts/plot_contraction.py"),
    output:
        theory_figure("contraction"),
    log:
        log_of("figures/theory/contraction"),
    cache: True
    conda:
        ENVIRONMENT
    script:
        "../../scripts/plot_contraction.py"


rule plot_multisample:
    input:
        gaps=out("theory/multisample_gaps.csv"),
        code=sources("scripts/plot_multisample.py"),
    output:
        theory_figure("multisample"),
    log:
        log_of("figures/theory/multisample"),
    cache: True
    conda:
        ENVIRONMENT
    params:
        families=FAMILIES,
    script:
        "../../scripts/plot_multisample.py"


if GRADIENT_FLOW in FLOWS:

    rule theory_gradients:
        input:
            data=out(f"{STUDIED}/data.npz"),
            exact=out(f"{STUDIED}/exact.json"),
            code=sources(
                "scripts/theory_gradients.py",
                STUDIED_MODULE,
                f"flowcheck.flows.{FAMILIES[GRADIENT_FLOW]}",
            ),
        output:
            table=out("theory/gradient_variance.csv"),
        log:
            log_of("theory/gradient_variance"),
        cache: True
        conda:
            ENVIRONMENT
        params:
            **STUDIED_PARAMS,
            seed=config["seed"],
            flow=GRADIENT_FLOW,
            flow_family=FAMILIES[GRADIENT_FLOW],
            sizes=flow_params(config, GRADIENT_FLOW)["sizes"],
            recipe=flow_params(config, GRADIENT_FLOW)["recipe"],
            iterations=THEORY["gradients"]["iterations"],
            batches=THEORY["gradients"]["batches"],
            draws=THEORY["gradients"]["draws"],
        script:
            "../../scripts/theory_gradients.py"

    rule plot_gradients:
        input:
            table=out("theory/gradient_variance.csv"),
            code=sources("scripts/plot_gradients.py"),
        output:
            theory_figure("gradients"),
        log:
            log_of("figures/theory/gradients"),
        cache: True
        conda:
            ENVIRONMENT
        script:
            "../../scripts/plot_gradients.py"

# The theory made visible: kernels that shrink KL, gradients that quieten, published errors.


localrules:
    theory,


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


rule theory_constant_jacobian:
    input:
        data=out(f"{STUDIED}/data.npz"),
        exact=out(f"{STUDIED}/exact.json"),
        code=sources("scripts/theory_constant_jacobian.py", STUDIED_MODULE),
    output:
        table=out("theory/constant_jacobian.csv"),
    log:
        log_of("theory/constant_jacobian"),
    cache: True
    conda:
        ENVIRONMENT
    params:
        **STUDIED_PARAMS,
    script:
        "../../scripts/theory_constant_jacobian.py"


rule published_errors:
    input:
        data=out(f"{STUDIED}/data.npz"),
        exact=out(f"{STUDIED}/exact.json"),
        exact_draws=out(f"{STUDIED}/exact_draws.npz"),
        chains=out(f"{STUDIED}/hmc/short.nc"),
        divergence=out(f"{STUDIED}/divergence.csv"),
        floor=out(f"{STUDIED}/knn_floor.csv"),
        contraction=out("theory/kl_contraction.csv"),
        contraction_facts=out("theory/kl_contraction.json"),
        vae_images=[out(f"vae/{vae.split('/')[0]}/images.npz") for vae in COURSE_VAES],
        vae_bounds=expand(out("vae/{vae}/bounds.csv"), vae=COURSE_VAES),
        vae_latent=expand(out("vae/{vae}/latent.npz"), vae=COURSE_VAES),
        vae_pictures=expand(out("vae/{vae}/pictures.npz"), vae=COURSE_VAES),
        vae_snapshots=expand(out("vae/{vae}/snapshots.safetensors"), vae=COURSE_VAES),
        vae_training=expand(out("vae/{vae}/training.csv"), vae=COURSE_VAES),
        code=sources(
            "scripts/published_errors.py", STUDIED_MODULE, "flowcheck.flows.planar"
        ),
    output:
        table=out("theory/published_errors.csv"),
        short_run=out("theory/short_run.json"),
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
            sizes=FLOW_PARAMS[GRADIENT_FLOW]["sizes"],
            recipe=FLOW_PARAMS[GRADIENT_FLOW]["recipe"],
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
            **theory_figure("gradients", "Two gradients"),
        log:
            log_of("figures/theory/gradients"),
        cache: True
        conda:
            ENVIRONMENT
        script:
            "../../scripts/plot_gradients.py"

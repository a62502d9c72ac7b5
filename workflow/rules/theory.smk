# The theory made visible: kernels that shrink KL, gradients that quieten, published errors.


rule theory_contraction:
    input:
        data=out(f"{STUDIED}/data.npz"),
        exact=out(f"{STUDIED}/exact.json"),
    output:
        table=out("theory/kl_contraction.csv"),
        facts=out("theory/kl_contraction.json"),
    log:
        log_of("theory/kl_contraction"),
    cache: CACHE
    conda:
        ENVIRONMENT
    params:
        **STUDIED_PARAMS,
        code=code("theory_contraction", "flowcheck.targets.banana"),
        points=THEORY["contraction"]["points"],
        steps=THEORY["contraction"]["steps"],
    script:
        "../../scripts/theory_contraction.py"


rule theory_heavy_tails:
    output:
        gaps=out("theory/multisample/heavy_tails.csv"),
    log:
        log_of("theory/multisample/heavy_tails"),
    cache: CACHE
    conda:
        ENVIRONMENT
    params:
        code=code("theory_heavy_tails"),
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
    output:
        table=out("theory/constant_jacobian.csv"),
    log:
        log_of("theory/constant_jacobian"),
    cache: CACHE
    conda:
        ENVIRONMENT
    params:
        **STUDIED_PARAMS,
        code=code("theory_constant_jacobian", "flowcheck.targets.banana"),
    script:
        "../../scripts/theory_constant_jacobian.py"


rule published_errors:
    input:
        data=out(f"{STUDIED}/data.npz"),
        exact=out(f"{STUDIED}/exact.json"),
        chains=out(f"{STUDIED}/hmc/short.nc"),
        exact_draws=out(f"{STUDIED}/exact_draws.npz"),
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
    output:
        table=out("theory/published_errors.csv"),
        short_run=out("theory/short_run.json"),
    log:
        log_of("theory/published_errors"),
    cache: CACHE
    conda:
        ENVIRONMENT
    params:
        **STUDIED_PARAMS,
        **THEORY["published"],
        code=code(
            "published_errors",
            "flowcheck.targets.banana",
            "flowcheck.flows.planar",
        ),
        seed=config["seed"],
        run=config["hmc"]["short"],
        course_flows=COURSE_FLOWS,
        course_vaes=COURSE_VAES,
    script:
        "../../scripts/published_errors.py"


if GRADIENT_PARAMS:

    rule theory_gradients:
        input:
            data=out(f"{STUDIED}/data.npz"),
            exact=out(f"{STUDIED}/exact.json"),
            model=out(f"{STUDIED}/flows/{GRADIENT_FLOW}/model.safetensors"),
            snapshots=out(f"{STUDIED}/flows/{GRADIENT_FLOW}/snapshots.safetensors"),
        output:
            table=out("theory/gradient_variance.csv"),
        log:
            log_of("theory/gradient_variance"),
        cache: CACHE
        conda:
            ENVIRONMENT
        params:
            **STUDIED_PARAMS,
            code=code(
                "theory_gradients",
                "flowcheck.targets.banana",
                f"flowcheck.flows.{GRADIENT_PARAMS['family']}",
            ),
            seed=config["seed"],
            flow=GRADIENT_FLOW,
            flow_family=GRADIENT_PARAMS["family"],
            sizes=GRADIENT_PARAMS["sizes"],
            replicates=GRADIENT_PARAMS["replicates"],
            samples=GRADIENT_PARAMS["recipe"]["samples"],
            batches=THEORY["gradients"]["batches"],
            draws=THEORY["gradients"]["draws"],
        script:
            "../../scripts/theory_gradients.py"

    rule plot_gradients:
        input:
            table=out("theory/gradient_variance.csv"),
        output:
            **theory_figure("gradients", "Two gradients"),
        log:
            log_of("figures/theory/gradients"),
        cache: CACHE
        conda:
            ENVIRONMENT
        params:
            code=code("plot_gradients"),
        script:
            "../../scripts/plot_gradients.py"

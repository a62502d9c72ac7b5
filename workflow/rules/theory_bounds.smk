# L_K rises to log p: the multi-sample bounds of flows and autoencoders.


localrules:
    gather_multisample,


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

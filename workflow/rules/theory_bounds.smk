# L_K rises to log p: the multi-sample bounds of flows and autoencoders.


localrules:
    gather_multisample,


rule theory_multisample:
    input:
        data=out("{target}/data.npz"),
        exact=out("{target}/exact.json"),
        model=out("{target}/flows/{flow}/model.safetensors"),
    output:
        bounds=out("theory/multisample/{target}/{flow}_bounds.csv"),
        gaps=out("theory/multisample/{target}/{flow}_gaps.csv"),
    log:
        log_of("theory/multisample/{target}/{flow}"),
    cache: CACHE
    conda:
        ENVIRONMENT
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        **FLOW,
        code=code("theory_multisample", target=True, flow=True),
        seed=config["seed"],
        samples=THEORY["multisample"]["samples"],
        draws=THEORY["multisample"]["draws"],
    script:
        "../../scripts/theory_multisample.py"


rule theory_vae_bounds:
    input:
        images=out("vae/{images}/images.npz"),
        model=out("vae/{images}/{vae}/model.safetensors"),
        by_image=out("vae/{images}/{vae}/image_bounds.npz"),
    output:
        bounds=out("theory/vae/{images}/{vae}_bounds.csv"),
    log:
        log_of("theory/vae/{images}/{vae}"),
    cache: CACHE
    conda:
        ENVIRONMENT
    resources:
        mem_mb=6000,
        runtime=60,
    params:
        **VAE,
        code=code("theory_vae_bounds"),
        seed=config["seed"],
        samples=THEORY["multisample"]["samples"],
    script:
        "../../scripts/theory_vae_bounds.py"


rule gather_multisample:
    input:
        bounds=of_every_flow("theory/multisample/{target}/{flow}_bounds.csv", BANANAS),
        gaps=[
            *of_every_flow("theory/multisample/{target}/{flow}_gaps.csv", BANANAS),
            out("theory/multisample/heavy_tails.csv"),
        ],
    output:
        bounds=out("theory/multisample_bounds.csv"),
        gaps=out("theory/multisample_gaps.csv"),
    log:
        log_of("theory/multisample_bounds"),
    cache: CACHE
    conda:
        ENVIRONMENT
    params:
        code=code("gather_tables"),
    script:
        "../../scripts/gather_tables.py"


if VAE_BOUNDS:

    rule gather_vae_bounds:
        input:
            bounds=of_every_vae("theory/vae/{images}/{vae}_bounds.csv"),
        output:
            bounds=out("theory/vae_bounds.csv"),
        log:
            log_of("theory/vae_bounds"),
        cache: CACHE
        localrule: True
        conda:
            ENVIRONMENT
        params:
            code=code("gather_tables"),
        script:
            "../../scripts/gather_tables.py"

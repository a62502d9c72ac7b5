# The autoencoder study: images, training, bounds beside the exact log p(x), pictures.

# The problem set asks for 10 x 10 images and a 20 x 20 mesh.
PICTURES, MESH = 100, 20


localrules:
    vae,
    prepare_images,
    gather_vae_losses,


rule vae:
    input:
        of_every_vae("vae/{images}/{vae}/bounds.csv"),
        of_every_vae("vae/{images}/{vae}/latent.npz"),
        of_every_vae("figures/vae/{images}/{vae}/{name}.png", name=VAE_FIGURES),
        expand(out("vae/{images}/losses.csv"), images=IMAGES),
        expand(out("figures/vae/{images}/comparison.png"), images=IMAGES),


rule prepare_images:
    input:
        code=sources("scripts/prepare_images.py"),
    output:
        images=out("vae/{images}/images.npz"),
        facts=out("vae/{images}/images.json"),
    log:
        log_of("vae/{images}/images"),
    cache: True
    conda:
        ENVIRONMENT
    params:
        seed=config["seed"],
        images="{images}",
        dataset=lambda wc: IMAGES[wc.images]["dataset"],
        test_fraction=lambda wc: IMAGES[wc.images]["test_fraction"],
        downloads=out("downloads"),
    script:
        "../../scripts/prepare_images.py"


rule train_vae:
    input:
        images=out("vae/{images}/images.npz"),
        code=sources("scripts/train_vae.py"),
    output:
        model=out("vae/{images}/{vae}/model.safetensors"),
        snapshots=out("vae/{images}/{vae}/snapshots.safetensors"),
        history=out("vae/{images}/{vae}/training.csv"),
        run=out("vae/{images}/{vae}/training.json"),
    log:
        log_of("vae/{images}/{vae}/train"),
    cache: True
    conda:
        ENVIRONMENT
    threads: vae_threads
    resources:
        gpu=1,
        mem_mb=6000,
        runtime=60,
    params:
        seed=config["seed"],
        device=config["device"],
        threads=vae_threads,
        images="{images}",
        vae="{vae}",
        hidden=vae_setting("hidden"),
        latent=vae_setting("latent"),
        binarise=vae_setting("binarise"),
        recipe=vae_setting("recipe"),
        evaluations=config["vae_bounds"]["evaluations"],
    script:
        "../../scripts/train_vae.py"


rule measure_vae:
    input:
        images=out("vae/{images}/images.npz"),
        snapshots=out("vae/{images}/{vae}/snapshots.safetensors"),
        code=sources("scripts/measure_vae.py"),
    output:
        bounds=out("vae/{images}/{vae}/bounds.csv"),
        by_image=out("vae/{images}/{vae}/image_bounds.npz"),
        run=out("vae/{images}/{vae}/bounds.json"),
    log:
        log_of("vae/{images}/{vae}/bounds"),
    cache: True
    conda:
        ENVIRONMENT
    threads: vae_threads
    resources:
        gpu=1,
        mem_mb=6000,
        runtime=60,
    params:
        seed=config["seed"],
        device=config["device"],
        threads=vae_threads,
        images="{images}",
        vae="{vae}",
        hidden=vae_setting("hidden"),
        latent=vae_setting("latent"),
        samples=config["vae_bounds"]["samples"],
        chosen=config["vae_bounds"]["images"],
        tolerance=config["vae_bounds"]["tolerance"],
    script:
        "../../scripts/measure_vae.py"


rule gather_vae_losses:
    input:
        bounds=expand(out("vae/{{images}}/{vae}/bounds.csv"), vae=sorted(VAES)),
        runs=expand(out("vae/{{images}}/{vae}/bounds.json"), vae=sorted(VAES)),
        code=sources("scripts/gather_vae_losses.py"),
    output:
        table=out("vae/{images}/losses.csv"),
    log:
        log_of("vae/{images}/losses"),
    cache: True
    conda:
        ENVIRONMENT
    params:
        images="{images}",
        vaes=sorted(VAES),
        samples=config["vae_bounds"]["samples"],
    script:
        "../../scripts/gather_vae_losses.py"


rule draw_vae_pictures:
    input:
        images=out("vae/{images}/images.npz"),
        model=out("vae/{images}/{vae}/model.safetensors"),
        code=sources("scripts/draw_vae_pictures.py"),
    output:
        latent=out("vae/{images}/{vae}/latent.npz"),
        pictures=out("vae/{images}/{vae}/pictures.npz"),
    log:
        log_of("vae/{images}/{vae}/pictures"),
    cache: True
    conda:
        ENVIRONMENT
    params:
        seed=config["seed"],
        images="{images}",
        vae="{vae}",
        hidden=vae_setting("hidden"),
        latent=vae_setting("latent"),
        pictures=PICTURES,
        mesh=MESH,
    script:
        "../../scripts/draw_vae_pictures.py"

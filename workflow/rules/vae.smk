# The autoencoder study: images, training, bounds with the exact log p(x), pictures.

# The problem set asks for 10 x 10 images and a 20 x 20 mesh.
PICTURES, MESH = 100, 20


localrules:
    prepare_images,
    gather_vae_losses,


rule prepare_images:
    output:
        images=out("vae/{images}/images.npz"),
        facts=out("vae/{images}/images.json"),
    log:
        log_of("vae/{images}/images"),
    cache: CACHE
    conda:
        ENVIRONMENT
    params:
        code=code("prepare_images"),
        seed=config["seed"],
        images="{images}",
        dataset=lambda wc: IMAGES[wc.images]["dataset"],
        test_fraction=lambda wc: IMAGES[wc.images].get("test_fraction", TEST_FRACTION),
        held_out=lambda wc: IMAGES[wc.images].get("held_out", "test"),
        downloads=out("downloads"),
    script:
        "../../scripts/prepare_images.py"


rule train_vae:
    input:
        images=out("vae/{images}/images.npz"),
    output:
        model=out("vae/{images}/{vae}/model.safetensors"),
        snapshots=out("vae/{images}/{vae}/snapshots.safetensors"),
        history=out("vae/{images}/{vae}/training.csv"),
        run=out("vae/{images}/{vae}/training.json"),
    log:
        log_of("vae/{images}/{vae}/train"),
    cache: CACHE
    # On MNIST the longest job of all: begun first, it leaves the shorter ones to fill both cores.
    priority: 35
    conda:
        ENVIRONMENT
    resources:
        gpu=1,
        mem_mb=6000,
        runtime=60,
    params:
        **VAE,
        code=code("train_vae"),
        seed=config["seed"],
        device=config["device"],
        binarise=of_vae("binarise"),
        recipe=of_vae("recipe"),
        evaluations=config["vae_bounds"]["evaluations"],
    script:
        "../../scripts/train_vae.py"


rule measure_vae:
    input:
        images=out("vae/{images}/images.npz"),
        snapshots=out("vae/{images}/{vae}/snapshots.safetensors"),
    output:
        bounds=out("vae/{images}/{vae}/bounds.csv"),
        by_image=out("vae/{images}/{vae}/image_bounds.npz"),
        run=out("vae/{images}/{vae}/bounds.json"),
    log:
        log_of("vae/{images}/{vae}/bounds"),
    cache: CACHE
    conda:
        ENVIRONMENT
    resources:
        gpu=1,
        mem_mb=6000,
        runtime=60,
    params:
        **VAE,
        code=code("measure_vae"),
        seed=config["seed"],
        device=config["device"],
        samples=config["vae_bounds"]["samples"],
        chosen=config["vae_bounds"]["images"],
        tolerance=config["vae_bounds"]["tolerance"],
    script:
        "../../scripts/measure_vae.py"


rule gather_vae_losses:
    input:
        bounds=expand(out("vae/{{images}}/{vae}/bounds.csv"), vae=sorted(VAES)),
        runs=expand(out("vae/{{images}}/{vae}/bounds.json"), vae=sorted(VAES)),
    output:
        table=out("vae/{images}/losses.csv"),
    log:
        log_of("vae/{images}/losses"),
    cache: CACHE
    conda:
        ENVIRONMENT
    params:
        code=code("gather_vae_losses"),
        images="{images}",
        vaes=sorted(VAES),
        samples=config["vae_bounds"]["samples"],
    script:
        "../../scripts/gather_vae_losses.py"


rule draw_vae_pictures:
    input:
        images=out("vae/{images}/images.npz"),
        model=out("vae/{images}/{vae}/model.safetensors"),
    output:
        latent=out("vae/{images}/{vae}/latent.npz"),
        pictures=out("vae/{images}/{vae}/pictures.npz"),
        touch=out("vae/{images}/{vae}/touch.npz"),
    log:
        log_of("vae/{images}/{vae}/pictures"),
    cache: CACHE
    conda:
        ENVIRONMENT
    params:
        **VAE,
        code=code("draw_vae_pictures"),
        seed=config["seed"],
        pictures=PICTURES,
        mesh=MESH,
        chosen=config["vae_bounds"]["images"],
    script:
        "../../scripts/draw_vae_pictures.py"

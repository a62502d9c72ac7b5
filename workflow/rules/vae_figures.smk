# The autoencoder study's figures. They read tables and pictures, never models, and import no torch.


rule plot_vae_bounds:
    input:
        bounds=out("vae/{images}/{vae}/bounds.csv"),
    output:
        **with_narrow(vae_figure("bounds", "Bounds during training", "vae_bounds")),
    log:
        log_of("figures/vae/{images}/{vae}/bounds"),
    cache: CACHE
    conda:
        ENVIRONMENT
    params:
        code=code("plot_vae_bounds"),
        images="{images}",
        vae="{vae}",
    script:
        "../../scripts/plot_vae_bounds.py"


rule plot_vae_images:
    input:
        pictures=out("vae/{images}/{vae}/pictures.npz"),
    output:
        **vae_figure("{shown}", "Images, {shown}", "vae_images"),
    log:
        log_of("figures/vae/{images}/{vae}/{shown}"),
    wildcard_constraints:
        shown="real|generated",
    cache: CACHE
    conda:
        ENVIRONMENT
    params:
        code=code("plot_vae_images"),
        images="{images}",
        vae="{vae}",
        shown="{shown}",
    script:
        "../../scripts/plot_vae_images.py"


rule plot_vae_reconstructions:
    input:
        pictures=out("vae/{images}/{vae}/pictures.npz"),
    output:
        **with_narrow(
            vae_figure("reconstructions", "Reconstructions", "vae_reconstructions")
        ),
    log:
        log_of("figures/vae/{images}/{vae}/reconstructions"),
    cache: CACHE
    conda:
        ENVIRONMENT
    params:
        code=code("plot_vae_reconstructions"),
        images="{images}",
        vae="{vae}",
    script:
        "../../scripts/plot_vae_reconstructions.py"


rule plot_vae_latent:
    input:
        latent=out("vae/{images}/{vae}/latent.npz"),
        pictures=out("vae/{images}/{vae}/pictures.npz"),
    output:
        **with_narrow(vae_figure("latent", "The latent plane", "vae_latent")),
    log:
        log_of("figures/vae/{images}/{vae}/latent"),
    cache: CACHE
    conda:
        ENVIRONMENT
    params:
        code=code("plot_vae_latent"),
        images="{images}",
        vae="{vae}",
    script:
        "../../scripts/plot_vae_latent.py"


rule plot_vae_gaps:
    input:
        by_image=out("vae/{images}/{vae}/image_bounds.npz"),
    output:
        **with_narrow(vae_figure("gaps", "Gaps by image", "vae_gaps")),
    log:
        log_of("figures/vae/{images}/{vae}/gaps"),
    cache: CACHE
    conda:
        ENVIRONMENT
    params:
        code=code("plot_vae_gaps"),
        images="{images}",
        vae="{vae}",
        samples=config["vae_bounds"]["samples"],
    script:
        "../../scripts/plot_vae_gaps.py"


rule plot_vae_comparison:
    input:
        bounds=expand(out("vae/{{images}}/{vae}/bounds.csv"), vae=sorted(VAES)),
    output:
        **with_narrow(
            shown(
                "figures/vae/{images}/comparison",
                "vae_comparison",
                "Variational autoencoders on {images}",
                autoencoder="all",
                figure="Exact log p(x) during training",
            )
        ),
    log:
        log_of("figures/vae/{images}/comparison"),
    cache: CACHE
    conda:
        ENVIRONMENT
    params:
        code=code("plot_vae_comparison"),
        images="{images}",
        vaes=sorted(VAES),
    script:
        "../../scripts/plot_vae_comparison.py"

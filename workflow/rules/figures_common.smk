# What the rules that draw share: a figure's files, and where `snakemake --report` shows it.


def shown(path, caption, category, **labels):
    """The files of one figure; `snakemake --report` shows the PNG with its caption and labels."""
    flagged = report(
        out(f"{path}.png"),
        caption=f"../report/{caption}.rst",
        category=category,
        labels=labels,
    )
    return {"png": flagged, "svg": out(f"{path}.svg")}


def figure(name, label):
    """The files of one figure of a target."""
    return shown(
        f"figures/{{target}}/{name}", name, "The {target} posterior", figure=label
    )


def vae_figure(name, label, caption):
    """The files of one figure of an autoencoder."""
    category = "Variational autoencoders on {images}"
    path = f"figures/vae/{{images}}/{{vae}}/{name}"
    return shown(path, caption, category, autoencoder="{vae}", figure=label)

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


def with_narrow(files):
    """The files of a figure that is drawn for phones, too, its panels under one another."""
    return files | {"narrow": files["svg"].replace(".svg", "_narrow.svg")}


def figure(name, label):
    """The files of one figure of a target."""
    category = "The {target} posterior"
    return with_narrow(
        shown(f"figures/{{target}}/{name}", name, category, figure=label)
    )


def vae_figure(name, label, caption):
    """The files of one figure of an autoencoder."""
    category = "Variational autoencoders on {images}"
    path = f"figures/vae/{{images}}/{{vae}}/{name}"
    return shown(path, caption, category, autoencoder="{vae}", figure=label)

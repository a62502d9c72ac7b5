"""What the report shows of the autoencoders trained on each image set."""

from flowcheck import files
from touch_study import touch_of_vae

# What the page's chart of a latent plane is made from.
TOUCHED = ("plane", "by_image", "touch", "pictures")
TRAINED_ON = {
    "dynamic": "binary vectors resampled every epoch, every pixel with its grey level as the "
    "probability of a one",
    "static": "the fixed binary vectors of its training images",
    "grey": "grey levels, as the published solution: its training objective is not a likelihood",
}


def vae_studies(snakemake) -> list[dict]:
    """One section of the page for each image set with autoencoders, from the step's inputs."""
    params, paths = snakemake.params, snakemake.input
    # The inputs of all image sets lie in one list, in the order of params.vaes and vae_figures.
    runs, figures = iter(paths.vae_runs), iter(paths.vae_figures)
    touched = iter(
        dict(zip(TOUCHED, own, strict=True))
        for own in zip(*(paths[f"vae_{kind}"] for kind in TOUCHED), strict=True)
    )
    studies = []
    for i, (name, vaes) in enumerate(params.vaes.items()):
        sections = {
            vae: {
                "settings": settings,
                "trained_on": TRAINED_ON[settings["binarise"]],
                "run": files.read_json(next(runs)),
                "figures": {figure: next(figures) for figure in params.vae_figures},
                "touch": touch_of_vae(next(touched)),
            }
            for vae, settings in vaes.items()
        }
        if sections:
            studies.append(_study(name, sections, paths, i))
    return studies


def _study(name: str, vaes: dict, paths, i: int) -> dict:
    return {
        "id": f"vae-{name}",
        "name": name,
        "title": f"Variational autoencoders on {name}",
        "template": "vae.html.j2",
        "parts": [
            ("losses", "What each bound loses"),
            *((vae, f"The autoencoder “{vae}”") for vae in vaes),
        ],
        "facts": files.read_json(paths.images[i]),
        "losses": files.read_table(paths.losses[i]).to_dict("records"),
        "comparison": paths.comparison[i],
        "vaes": vaes,
    }

# What the rules of the theory share: what is studied, and where its figures go.

THEORY = config["theory"]
STUDIED_PARAMS = {
    "target": STUDIED,
    "family": "banana",
    "file": None,
    "settings": own_settings(TARGETS[STUDIED]),
}
# The flow along whose training gradients are studied, if the study trains it.
GRADIENT_FLOW = THEORY["gradients"]["flow"]
GRADIENT_PARAMS = FLOW_PARAMS.get((STUDIED, GRADIENT_FLOW))
# What was trained as the problem set has it, for the page of the published solution's errors.
COURSE_FLOWS = {
    flow: own["family"]
    for flow in FLOWS[STUDIED]
    if (own := FLOW_PARAMS[STUDIED, flow])["recipe_name"] == "course"
}
COURSE_VAES = {
    f"{images}/{vae}": {key: own[key] for key in ("hidden", "latent", "binarise")}
    for images in sorted(IMAGES)
    for vae in sorted(VAES)
    if (own := vae_params(config, images, vae))["recipe_name"] == "course"
}


def theory_figure(name, label):
    """The files of one figure of the theory."""
    return with_narrow(
        shown(f"figures/theory/{name}", name, "The theory, shown", figure=label)
    )

"""Settings that a user's config changes and that nothing in the study would read."""

from .combinations import bananas, long_runs, studied
from .vae_config import vae_params

# Keys of an autoencoder, each with another key and the value of that which makes it idle.
IDLE = (
    ("slope", "init", "published"),
    ("reach", "init", "published"),
    ("points", "evidence_weight", 0),
)


def without_effect(config: dict, user: dict, default: dict) -> list[str]:
    """A line for each; user: the config as written. What repeats the default study's is fine."""
    runs, own = long_runs(config), bananas(config)
    unread = {
        ("hmc", "short"): not own and "the short run is a banana's, and this study has none",
        ("hmc", "long"): "long" not in runs
        and "only a banana's reference values come from it, and this study runs none; any other "
        "posterior's come from hmc.adaptive",
        ("hmc", "adaptive"): "adaptive" not in runs
        and "no posterior of this study runs it: a banana's reference values come from hmc.long, "
        "and `reference` replaces either",
        ("theory",): studied(config) is None and "it needs a banana, and this study has none",
        ("divergence",): not config["targets"] and "this study has no target",
        ("training",): not config["targets"] and "this study has no target",
        ("vae_bounds",): not config["vaes"] and "this study has no autoencoder",
    }
    problems = [
        f"{'.'.join(place)}: it would have no effect: {why}; remove it"
        for place, why in unread.items()
        if why and _differs(_at(user, place), _at(default, place))
    ]
    return problems + _of_autoencoders(config, user)


def _of_autoencoders(config: dict, user: dict) -> list[str]:
    asked = user.get("vaes") or {}
    return [
        f"vaes.{vae}.{key}: it would have no effect, since {other} is {value}; remove it"
        for vae in config["vaes"]
        for key, other, value in IDLE
        if key in (asked.get(vae) or {})
        # An image set may have an autoencoder's keys of its own.
        and all(vae_params(config, n, vae)["recipe"][other] == value for n in config["images"])
    ]


def _at(config: dict, place: tuple[str, ...]):
    for key in place:
        config = config.get(key) if isinstance(config, dict) else None
    return config


def _differs(own, usual) -> bool:
    """Whether `own` says anything that `usual` does not."""
    if isinstance(own, dict):
        usual = usual if isinstance(usual, dict) else {}
        return any(_differs(value, usual.get(key)) for key, value in own.items())
    return own is not None and own != usual

"""What a config's posteriors and flows are made with: their own settings, recipes and families."""

from pathlib import Path

from jsonschema import Draft202012Validator

from .families import TARGETS, Setting, flow_settings, target_settings
from .merge import named
from .numbers import as_meant
from .validation import explain, no_such_key

# Keys of an entry that are no settings of its own.
OF_TARGET = ("family", "file", "data", "reference", "show")
OUTSIDE_RECIPE = (
    "family", "families", "recipe", "replicates", "replicates_per_job", "coordinates",
)  # fmt: skip


def family_of(name: str, target: dict) -> str | None:
    """The family of a target: given, else its own name if there is one so named, else banana.

    None for a posterior in a file of the user's own.
    """
    if target.get("file"):
        return None
    own = name if (TARGETS / f"{name}.py").is_file() and name not in ("base",) else "banana"
    return target.get("family", own)


def own_settings(target: dict) -> dict:
    """The settings that a target's entry gives, beside what the workflow itself reads."""
    return {key: value for key, value in target.items() if key not in OF_TARGET}


def section_of_flows(name: str, target: dict) -> str:
    """The section of the completed config that holds the flows of a target."""
    return "flows" if family_of(name, target) == "banana" else "other_flows"


def truth_run(name: str, target: dict) -> str:
    """The section of `hmc` by which a target's truth is sampled."""
    return "long" if family_of(name, target) == "banana" else "adaptive"


def flow_params(config: dict, section: str, flow: str) -> dict:
    """What one flow is trained with: family, sizes, recipe, recipe_name, coordinates, replicates,
    replicates_per_job.

    section: "flows" (on a banana) or "other_flows". Each setting comes from the most specific
    place that gives it: the flow itself, `training`, the recipe's entry for the family, the recipe.
    """
    family, recipe_name, merged = _merged(config, section, flow)
    sizes = set(flow_settings(family))
    return {
        "family": family,
        "sizes": {key: value for key, value in merged.items() if key in sizes},
        "recipe": {k: v for k, v in merged.items() if k not in {*sizes, *OUTSIDE_RECIPE}},
        "recipe_name": recipe_name,
        "coordinates": merged["coordinates"],
        "replicates": merged["replicates"],
        "replicates_per_job": merged["replicates_per_job"],
    }


def _merged(config: dict, section: str, flow: str) -> tuple[str, str, dict]:
    own, training = config[section][flow], config["training"]
    usual = training.get("recipe") or ("default" if section == "flows" else "robust")
    family, name = own.get("family", flow), own.get("recipe", usual)
    recipe = config["recipes"][name]
    layers = (recipe, recipe.get("families", {}).get(family, {}), training, own)
    return family, name, {key: value for layer in layers for key, value in layer.items()}


def with_entry_numbers(config: dict) -> dict:
    """The config with the numbers among targets' and flows' own settings as they are meant."""
    config = dict(config)
    config["targets"] = {
        name: _meant(entry, _settings_of_target(name, entry) or {})
        for name, entry in config["targets"].items()
    }
    for section in ("flows", "other_flows"):
        config[section] = {
            name: _meant(entry, flow_settings(entry.get("family", name)) or {})
            for name, entry in config[section].items()
        }
    config["recipes"] = {
        name: recipe
        | {
            "families": {
                family: _meant(entry, flow_settings(family) or {})
                for family, entry in recipe.get("families", {}).items()
            }
        }
        for name, recipe in named(config["recipes"]).items()
    }
    return config


def _meant(entry: dict, settings: dict[str, Setting]) -> dict:
    return {
        key: as_meant(value, settings[key].schema, {}) if key in settings else value
        for key, value in entry.items()
    }


def _settings_of_target(name: str, entry: dict) -> dict[str, Setting] | None:
    family = family_of(name, entry)
    return target_settings(Path(entry["file"]) if family is None else TARGETS / f"{family}.py")


def entry_problems(config: dict) -> list[str]:
    """Settings that a target or a flow does not take, lacks, or takes with other values."""
    problems = []
    for name, entry in config["targets"].items():
        settings = _settings_of_target(name, entry)
        if settings is not None:
            problems += _misfits(f"targets.{name}", own_settings(entry), settings, OF_TARGET)
    for recipe, content in config["recipes"].items():
        for family, entry in content["families"].items():
            place = f"recipes.{recipe}.families.{family}"
            problems += _misfits(place, entry, flow_settings(family) or {}, content, partial=True)
    for section in {section_of_flows(name, entry) for name, entry in config["targets"].items()}:
        for flow in config[section]:
            family, name, merged = _merged(config, section, flow)
            recipe = [*config["recipes"][name], *OUTSIDE_RECIPE]
            found = {k: v for k, v in merged.items() if k not in recipe}
            problems += _misfits(f"flows.{flow}", found, flow_settings(family), recipe)
    return list(dict.fromkeys(problems))


def _misfits(
    place: str, entry: dict, settings: dict[str, Setting], others, partial: bool = False
) -> list[str]:
    """What is wrong with an entry's own settings; others: keys it may hold besides."""
    problems = []
    for key, value in entry.items():
        if key in others:
            continue
        if key not in settings:
            problems.append(f"{place}.{key}: {no_such_key(key, [*settings, *others])}")
            continue
        for error in Draft202012Validator(settings[key].schema).iter_errors(value):
            problems.append(explain(error, f"{place}.{key}"))
    if not partial:
        problems += [
            f"{place}.{key}: it is required, but neither the entry nor a recipe gives it"
            for key, setting in settings.items()
            if setting.required and key not in entry
        ]
    return problems

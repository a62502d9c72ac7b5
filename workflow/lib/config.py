"""Checks a config and works out what each flow is trained with."""

from difflib import get_close_matches
from functools import cache
from itertools import pairwise
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from snakemake.exceptions import WorkflowError

from workflow.lib.families import flow_families, flow_sizes
from workflow.lib.imports import SCRIPTS
from workflow.lib.vae_config import wanted_recipes

SCHEMA = Path(__file__).resolve().parents[1] / "schemas" / "config.schema.yaml"
# Keys that had another name before, each with the one to use now.
RENAMED = {"discarded": "warmup_draws", "average": "ema_decay", "start": "init"}
# A target is a folder beside these and a target of the command line beside those.
RESERVED = ("vae", "theory", "figures", "report", "logs", "bench")


def read_schema() -> dict:
    """The config's JSON schema."""
    return yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))


def check(config: dict, schema: dict) -> None:
    """Raise WorkflowError that names the key, what is wrong with it, and the mend."""
    errors = sorted(Draft202012Validator(schema).iter_errors(config), key=lambda e: str(e.path))
    problems = [_explain(error) for error in errors]
    problems = problems or [
        *_unknown_names(config),
        *_contradictions(config, schema),
    ]
    problems = problems or _wrong_sizes(config)
    if problems:
        raise WorkflowError("The config cannot be used:\n  " + "\n  ".join(problems))


def named(section: dict) -> dict:
    """A section's named entries, less those an overlay removed with `name: null`."""
    return {name: entry or {} for name, entry in section.items() if entry is not None}


def flow_params(config: dict, name: str) -> dict:
    """What one flow is trained with: family, sizes, recipe, recipe_name, replicates,
    replicates_per_job.

    Each setting comes from the most specific place that gives it: the flow itself, `training`,
    the recipe's entry for the family, the recipe.
    """
    family, recipe_name, merged = _merged(config, name)
    sizes = _size_keys()
    outside = sizes | {"family", "families", "recipe", "replicates", "replicates_per_job"}
    return {
        "family": family,
        "sizes": {key: value for key, value in merged.items() if key in sizes},
        "recipe": {key: value for key, value in merged.items() if key not in outside},
        "recipe_name": recipe_name,
        "replicates": merged["replicates"],
        "replicates_per_job": merged.get("replicates_per_job"),
    }


def _merged(config: dict, name: str) -> tuple[str, str, dict]:
    """One flow's family, its recipe's name, and all its settings, before any default is filled."""
    own, training = config["flows"][name] or {}, config.get("training", {})
    family = own.get("family", name)
    recipe_name = own.get("recipe", training.get("recipe", "default"))
    recipe = config["recipes"][recipe_name]
    layers = (recipe, recipe.get("families", {}).get(family, {}), training, own)
    return family, recipe_name, {key: value for layer in layers for key, value in layer.items()}


@cache
def _size_keys() -> set[str]:
    """The keys that describe a flow itself, as opposed to its training."""
    schema = read_schema()["$defs"]
    return set(schema["flow"]["properties"]) - set(schema["training"]["properties"]) - {"family"}


def own_data(target: dict) -> list[str]:
    """The data file a target names, if it names one: an input of the step that reads it."""
    return [] if target["data"] in ("embedded", "course") else [target["data"]]


def _unknown_names(config: dict) -> list[str]:
    """What a schema cannot see: recipes and families that no config or file defines."""
    problems = []
    wanted = {"training": config.get("training", {}).get("recipe", "default")}
    for name, flow in named(config["flows"]).items():
        if "recipe" in flow:
            wanted[f"flows.{name}"] = flow["recipe"]
        family = flow.get("family", name)
        problems += _unknown_family("flows", f"flows.{name}", family, flow_families())
    for name, target in named(config["targets"]).items():
        if name in RESERVED:
            problems.append(f"targets.{name}: the results use that name themselves; take another")
        data = target.get("data", "embedded")
        if data not in ("embedded", "course") and not Path(data).is_file():
            hint = _nearest(data, ("embedded", "course"))
            problems.append(
                f"targets.{name}.data: no file '{data}' in the folder snakemake runs in{hint}"
            )
        family = target.get("family", "banana")
        problems += _unknown_family("targets", f"targets.{name}", family, _target_families())
    studied = config.get("theory", {}).get("target")
    if studied is not None and studied not in (known := named(config["targets"])):
        problems.append(f"theory.target: no target '{studied}'{_nearest(studied, known)}")
    for section, places in (("recipes", wanted), ("vae_recipes", wanted_recipes(config))):
        recipes = named(config.get(section, {}))
        problems += [
            f"{place}.recipe: no recipe '{recipe}' under {section}{_nearest(recipe, recipes)}"
            for place, recipe in places.items()
            if recipe not in recipes
        ]
    return problems


def _contradictions(config: dict, schema: dict) -> list[str]:
    """Keys that are well by themselves and not together."""
    problems = [
        f"{section}: none is left; name at least one"
        for section in ("targets", "flows")
        if not named(config[section])
    ]
    divergence = _with_defaults(config, schema, "divergence")
    wanted, kept = divergence["knn_draws"], divergence["flow_draws"]
    if wanted > kept:
        problems.append(
            f"divergence.knn_draws: {wanted} of the {kept} draws that divergence.flow_draws keeps "
            "are wanted; raise that or lower this"
        )
    multisample = _with_defaults(config, schema, "theory", "multisample")
    for smaller, larger in pairwise([*multisample["samples"], multisample["draws"]]):
        if larger == smaller or larger % smaller:
            problems.append(
                f"theory.multisample.samples: {smaller} does not divide {larger}; each "
                "number divides the next, and the last one draws, so that bounds share their draws"
            )
    return problems


def _with_defaults(config: dict, schema: dict, *section: str) -> dict:
    """A section as the config gives it, with the schema's defaults, which are filled in later."""
    for key in section:
        config, schema = config.get(key, {}), schema["properties"][key]
    defaults = {key: entry["default"] for key, entry in schema["properties"].items()}
    return defaults | config


def _wrong_sizes(config: dict) -> list[str]:
    """Sizes that a flow's family does not take, or lacks: found now, not in the midst of a run."""
    problems = []
    for name in named(config["flows"]):
        family, _, merged = _merged(config, name)
        sizes, given = flow_sizes(family), _size_keys() & set(merged)
        problems += [
            f"flows.{name}.{key}: the family '{family}' has no such setting"
            f"{_nearest(key, sizes.known)}"
            for key in sorted(given - set(sizes.known))
        ]
        problems += [
            f"flows.{name}.{key}: the family '{family}' needs it, and neither the flow nor its "
            "recipe gives it"
            for key in sorted(set(sizes.required) - given)
        ]
    return problems


def _target_families() -> list[str]:
    folder = SCRIPTS / "flowcheck" / "targets"
    return [path.stem for path in folder.glob("*.py") if path.stem != "__init__"]


def _unknown_family(package: str, key: str, family: str, known: list[str]) -> list[str]:
    if family in known:
        return []
    return [
        f"{key}: no family '{family}', which would be scripts/flowcheck/{package}/{family}.py"
        f"{_nearest(family, known)}; give `family:` or add that file"
    ]


def _explain(error: ValidationError) -> str:
    """One line for one violation."""
    if error.validator == "anyOf":
        # Named entries may be null or a mapping: only the mapping's own complaint says anything.
        deeper = [child for child in error.context if child.schema.get("type") != "null"]
        if deeper:
            return _explain(deeper[0])
    key = ".".join(str(part) for part in error.absolute_path) or "(top level)"
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        unknown = [name for name in error.instance if name not in known]
        return "; ".join(
            f"{'' if key == '(top level)' else key + '.'}{name}: {_no_such_key(name, known)}"
            for name in unknown
        )
    message = f"{key}: {error.message}"
    if error.validator == "type" and isinstance(error.instance, str) and _is_number(error.instance):
        message += " (YAML reads 1e-3 as text: write 1.0e-3)"
    if description := error.schema.get("description"):
        message += f" - {description}"
    return message


def _no_such_key(name: str, known) -> str:
    if RENAMED.get(name) in known:
        return f"this key is now called '{RENAMED[name]}'"
    return f"no such key{_nearest(name, known)}"


def _nearest(name: object, known) -> str:
    match = get_close_matches(str(name), list(known), n=1, cutoff=0.5)
    hint = f"; did you mean '{match[0]}'?" if match else ""
    return f" (known: {', '.join(sorted(known))}){hint}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True

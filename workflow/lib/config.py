"""Checks a config and works out what each flow is trained with."""

from difflib import get_close_matches
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from snakemake.exceptions import WorkflowError

from workflow.lib.imports import SCRIPTS

SCHEMA = Path(__file__).resolve().parents[1] / "schemas" / "config.schema.yaml"
# A target is a folder beside these and a target of the command line beside those.
RESERVED = ("vae", "theory", "figures", "report", "logs", "bench")


def read_schema() -> dict:
    """The config's JSON schema."""
    return yaml.safe_load(SCHEMA.read_text())


def check(config: dict, schema: dict) -> None:
    """Raise WorkflowError that names the key, what is wrong with it, and the mend."""
    errors = sorted(Draft202012Validator(schema).iter_errors(config), key=lambda e: list(e.path))
    problems = [_explain(error) for error in errors] or _unknown_names(config)
    if problems:
        raise WorkflowError("The config cannot be used:\n  " + "\n  ".join(problems))


def named(section: dict) -> dict:
    """A section's named entries, less those an overlay removed with `name: null`."""
    return {name: entry or {} for name, entry in section.items() if entry is not None}


def flow_params(config: dict, name: str) -> dict:
    """What one flow is trained with: family, sizes, recipe, recipe_name, replicates.

    Each setting comes from the most specific place that gives it: the flow itself, `training`,
    the recipe's entry for the family, the recipe.
    """
    own = config["flows"][name] or {}
    training = config["training"]
    family, recipe_name = own.get("family", name), own.get("recipe", training["recipe"])
    recipe = config["recipes"][recipe_name]
    layers = (recipe, recipe.get("families", {}).get(family, {}), training, own)
    merged = {key: value for layer in layers for key, value in layer.items()}
    schema = read_schema()["$defs"]
    sizes = set(schema["flow"]["properties"]) - set(schema["training"]["properties"]) - {"family"}
    outside = sizes | {"family", "families", "recipe", "replicates"}
    return {
        "family": family,
        "sizes": {key: value for key, value in merged.items() if key in sizes},
        "recipe": {key: value for key, value in merged.items() if key not in outside},
        "recipe_name": recipe_name,
        "replicates": merged["replicates"],
    }


def own_data(target: dict) -> list[str]:
    """The data file a target names, if it names one: an input of the step that reads it."""
    return [] if target["data"] in ("embedded", "course") else [target["data"]]


def _unknown_names(config: dict) -> list[str]:
    """What a schema cannot see: recipes and families that no config or file defines."""
    problems = []
    recipes = named(config["recipes"])
    wanted = {"training": config.get("training", {}).get("recipe", "default")}
    for name, flow in named(config["flows"]).items():
        wanted[f"flows.{name}"] = flow.get("recipe", wanted["training"])
        problems += _no_such_file("flows", f"flows.{name}", flow.get("family", name))
    for name, target in named(config["targets"]).items():
        if name in RESERVED:
            problems.append(f"targets.{name}: the results use that name themselves; take another")
        data = target.get("data", "embedded")
        if data not in ("embedded", "course") and not Path(data).is_file():
            hint = _nearest(data, ("embedded", "course"))
            problems.append(
                f"targets.{name}.data: no file '{data}' in the folder snakemake runs in{hint}"
            )
        problems += _no_such_file("targets", f"targets.{name}", target.get("family", "banana"))
    for key, recipe in wanted.items():
        if recipe not in recipes:
            problems.append(f"{key}.recipe: no recipe '{recipe}'{_nearest(recipe, recipes)}")
    return problems


def _no_such_file(package: str, key: str, family: str) -> list[str]:
    folder = SCRIPTS / "flowcheck" / package
    if (folder / f"{family}.py").is_file():
        return []
    known = [path.stem for path in folder.glob("*.py") if path.stem != "__init__"]
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
            f"{'' if key == '(top level)' else key + '.'}{name}: no such key{_nearest(name, known)}"
            for name in unknown
        )
    message = f"{key}: {error.message}"
    if error.validator == "type" and isinstance(error.instance, str) and _is_number(error.instance):
        message += " (YAML reads 1e-3 as text: write 1.0e-3)"
    if description := error.schema.get("description"):
        message += f" - {description}"
    return message


def _nearest(name: str, known) -> str:
    match = get_close_matches(name, list(known), n=1, cutoff=0.5)
    hint = f"; did you mean '{match[0]}'?" if match else ""
    return f" (known: {', '.join(sorted(known))}){hint}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True

"""What is wrong with a config, a line for each fault: the key, what is wrong, how to fix it."""

import math
from difflib import get_close_matches

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from .families import flow_families, target_families
from .merge import named
from .names import name_problems, output_problems
from .numbers import resolved

# Keys that had another name before, each with the one to use now.
RENAMED = {"discarded": "warmup_draws", "average": "ema_decay", "start": "init"}


def problems_of(config: dict, schema: dict) -> list[str]:
    """Everything that can be said of a config without the files it names."""
    errors = sorted(Draft202012Validator(schema).iter_errors(config), key=lambda e: str(e.path))
    problems = [explain(error, root=schema) for error in errors] or not_finite(config)
    problems = problems or [*name_problems(config), *output_problems(config["output"])]
    return problems or _unknown_names(config)


def not_finite(content: object, place: str = "") -> list[str]:
    """The keys that hold NaN or infinity, which a schema's limits let through."""
    if isinstance(content, float) and not math.isfinite(content):
        return [f"{place}: {content} is not a finite number"]
    if isinstance(content, dict):
        inside = content.items()
    else:
        inside = enumerate(content) if isinstance(content, list) else ()
    prefix = f"{place}." if place else ""
    return [fault for key, value in inside for fault in not_finite(value, f"{prefix}{key}")]


def _unknown_names(config: dict) -> list[str]:
    """What a schema cannot see: recipes, families and targets that nothing defines."""
    problems = []
    wanted = {"recipes": {}, "vae_recipes": {}}
    if config["training"].get("recipe"):
        wanted["recipes"]["training"] = config["training"]["recipe"]
    for section, recipes in (
        ("flows", "recipes"),
        ("vaes", "vae_recipes"),
        ("images", "vae_recipes"),
    ):
        wanted[recipes] |= {
            f"{section}.{name}": entry["recipe"]
            for name, entry in config[section].items()
            if "recipe" in entry
        }
    for section, places in wanted.items():
        recipes = named(config[section])
        problems += [
            f"{place}.recipe: no recipe '{recipe}' under {section}{nearest(recipe, recipes)}"
            for place, recipe in places.items()
            if recipe not in recipes
        ]
    needed = {"recipes": ("default", "robust"), "vae_recipes": ("default",)}
    problems += [
        f"{section}.{name}: entries that name no recipe are trained by this one; do not remove it"
        for section, names in needed.items()
        for name in names
        if name not in named(config[section])
    ]
    for name, flow in config["flows"].items():
        problems += _unknown_family("flows", name, flow.get("family", name), flow_families())
    for name, target in config["targets"].items():
        if "family" in target and target.get("file"):
            problems.append(f"targets.{name}: give `file` or `family`, not both")
        if "family" in target:
            problems += _unknown_family("targets", name, target["family"], target_families())
    studied = config["theory"]["target"]
    if studied is not None and studied not in config["targets"]:
        problems.append(
            f"theory.target: no target '{studied}'{nearest(studied, config['targets'])}"
        )
    return problems


def _unknown_family(section: str, name: str, family: str, known: list[str]) -> list[str]:
    if family in known:
        return []
    return [
        f"{section}.{name}: no family '{family}', which would be "
        f"scripts/flowcheck/{section}/{family}.py{nearest(family, known)}; "
        "give `family:` or add that file"
    ]


def explain(error: ValidationError, place: str = "", root: dict | None = None) -> str:
    """One line for one violation; place: the key that the validated value stands at."""
    if error.validator == "anyOf":
        # Named entries may be null or a mapping: only the mapping's own complaint says anything.
        deeper = [child for child in error.context if child.schema.get("type") != "null"]
        if deeper:
            return explain(deeper[0], place, root)
    inside = ".".join(str(part) for part in error.absolute_path)
    key = ".".join(part for part in (place, inside) if part) or "(top level)"
    if error.validator in ("additionalProperties", "unevaluatedProperties"):
        known = resolved(error.schema, root or {}).get("properties", {})
        prefix = "" if key == "(top level)" else f"{key}."
        unknown = [name for name in error.instance if name not in known]
        return "; ".join(f"{prefix}{name}: {no_such_key(name, known)}" for name in unknown)
    message = f"{key}: {error.message}"
    if description := resolved(error.schema, root or {}).get("description"):
        message += f" - {description}"
    return message


def no_such_key(name: object, known) -> str:
    """What to say of an unknown key: its new name, or the known ones and the nearest of them."""
    if RENAMED.get(name) in known:
        return f"this key is now called '{RENAMED[name]}'"
    return f"no such key{nearest(name, known)}"


def nearest(name: object, known) -> str:
    """The known names, and which of them was probably meant."""
    match = get_close_matches(str(name), list(known), n=1, cutoff=0.5)
    hint = f"; did you mean '{match[0]}'?" if match else ""
    return f" (known: {', '.join(sorted(map(str, known)))}){hint}"

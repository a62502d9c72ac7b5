"""Numbers as they are meant: 1e4, 10000.0 and "10000" are one integer where one is wanted.

YAML reads `1e4` as text, and Snakemake passes nested values of --config as text.
"""

import math

WORDS = {"null": None, "true": True, "false": False}


def as_meant(value: object, schema: dict, root: dict) -> object:
    """`value` with every number of the kind that its schema wants; anything else unchanged.

    schema: the JSON schema of `value`; root: the whole schema, for its `$defs`.
    """
    schema = resolved(schema, root)
    if isinstance(value, dict):
        known, others = schema.get("properties", {}), schema.get("additionalProperties")
        others = others if isinstance(others, dict) else {}
        return {key: as_meant(item, known.get(key, others), root) for key, item in value.items()}
    if isinstance(value, list):
        return [as_meant(item, schema.get("items", {}), root) for item in value]
    kinds = _kinds(schema, root)
    if isinstance(value, str) and kinds and "string" not in kinds:
        value = _read(value, kinds)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return value
    if "integer" in kinds and float(value).is_integer():
        return int(value)
    return float(value) if "number" in kinds and abs(value) < 2**53 else value


def resolved(schema: dict, root: dict) -> dict:
    """The schema with its references followed, and the properties of all its parts together."""
    found, properties = dict(schema), {}
    parts = [schema]
    while parts:
        part = parts.pop(0)
        if "$ref" in part:
            parts.append(root["$defs"][part["$ref"].removeprefix("#/$defs/")])
        parts += part.get("allOf", ())
        # An entry may be null: the mapping is the other part.
        parts += [one for one in part.get("anyOf", ()) if one.get("type") != "null"]
        properties |= {k: v for k, v in part.get("properties", {}).items() if k not in properties}
        for key in ("type", "items", "enum", "const", "additionalProperties", "description"):
            if key in part:
                found.setdefault(key, part[key])
    return found | ({"properties": properties} if properties else {})


def _kinds(schema: dict, root: dict) -> set[str]:
    """The JSON types that a schema admits; empty where it does not say."""
    if "$ref" in schema:
        return _kinds(root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root)
    if "anyOf" in schema:
        kinds = [_kinds(part, root) for part in schema["anyOf"]]
        return set().union(*kinds) if all(kinds) else set()
    choices = schema.get("enum", [schema["const"]] if "const" in schema else [])
    if choices:
        names = {str: "string", int: "integer", float: "number", bool: "boolean"}
        return {names.get(type(choice), "null") for choice in choices}
    kinds = schema.get("type", [])
    return {kinds} if isinstance(kinds, str) else set(kinds)


def _read(text: str, kinds: set[str]) -> object:
    """The number, or the word, that a text spells, if its schema admits one; else the text."""
    word = WORDS.get(text.strip().lower(), text)
    if (word is None and "null" in kinds) or (isinstance(word, bool) and "boolean" in kinds):
        return word
    if not kinds & {"integer", "number"}:
        return text
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text

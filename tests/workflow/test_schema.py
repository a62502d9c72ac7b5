"""The config's schema: every key described, nothing unknown let through."""

from jsonschema import Draft202012Validator

from workflow.lib.config import read_schema


def settings(schema, path=()):
    """(path, subschema) of every setting that a config can hold."""
    for key in ("properties", "$defs"):
        for name, child in schema.get(key, {}).items():
            yield (*path, name), child
            yield from settings(child, (*path, name))
    for child in (schema.get("additionalProperties"), *schema.get("anyOf", ())):
        if isinstance(child, dict):
            yield from settings(child, path)


ALL_SETTINGS = list(settings(read_schema()))


def test_every_key_is_described():
    assert len(ALL_SETTINGS) > 100
    schema = read_schema()
    for path, setting in ALL_SETTINGS:
        target = setting
        while "$ref" in target:
            target = schema["$defs"][target["$ref"].removeprefix("#/$defs/")]
        assert target.get("description") or setting.get("description"), ".".join(path)


def test_no_mapping_takes_unknown_keys():
    # A flow, a family's part of a recipe and a target have settings of their own besides, which are
    # checked against their source; `*_keys` are parts of others.
    open_ones = ("flow", "target", "families", "training_keys", "vae_keys")
    mappings = [
        (path, setting)
        for path, setting in ALL_SETTINGS
        if setting.get("type") == "object" and not set(open_ones) & set(path)
    ]
    assert len(mappings) > 5
    for path, setting in mappings:
        assert {"additionalProperties", "unevaluatedProperties"} & set(setting), ".".join(path)


def test_schema_is_itself_valid():
    Draft202012Validator.check_schema(read_schema())

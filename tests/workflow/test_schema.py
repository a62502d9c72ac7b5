"""The config's schema: every key described, every default valid, nothing unknown let through."""

import pytest
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


@pytest.mark.parametrize(
    ("path", "setting"), ALL_SETTINGS, ids=[".".join(p) for p, _ in ALL_SETTINGS]
)
def test_every_key_is_described_and_every_default_valid(path, setting):
    schema = read_schema()
    target = setting
    while "$ref" in target:
        target = schema["$defs"][target["$ref"].removeprefix("#/$defs/")]
    assert target.get("description") or setting.get("description")
    if "default" in setting:
        whole = {"$defs": schema["$defs"], **{k: v for k, v in setting.items() if k != "default"}}
        Draft202012Validator(whole).validate(setting["default"])


@pytest.mark.parametrize(
    ("path", "setting"), ALL_SETTINGS, ids=[".".join(p) for p, _ in ALL_SETTINGS]
)
def test_no_mapping_takes_unknown_keys(path, setting):
    if setting.get("type") == "object":
        assert "additionalProperties" in setting


@pytest.mark.parametrize("section", ["target", "hmc_run"])
def test_every_key_of_an_entry_has_a_default(section):
    entry = read_schema()["$defs"][section]
    assert all("default" in key for key in entry["properties"].values())


def test_schema_is_itself_valid():
    Draft202012Validator.check_schema(read_schema())

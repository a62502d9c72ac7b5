"""The user's config files, read again for what Snakemake's merging hides."""

import math
from pathlib import Path

import yaml


def faults(path: str) -> list[str]:
    """What is wrong with the text of one config file, a line each; none for JSON.

    Duplicate keys, of which YAML keeps the last; keys that are not text, such as `no` and `1`;
    numbers such as 1:30, which YAML reads as ninety; NaN and infinity.
    """
    tree = _compose(path)
    return [] if tree is None else list(_faults(tree, Path(path), ""))


def folder_that_names(key: tuple[str, ...], value: object, files: list[str]) -> Path | None:
    """The folder of the last config file in which `key` has `value`, at any depth, or None.

    At any depth, since a host workflow may keep a module's config below a key of its own.
    """
    for path in reversed(files):
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8")) or {}
        if any(found == value for found in _found(content, key)):
            return Path(path).resolve().parent
    return None


def _found(content: object, key: tuple[str, ...]):
    """Every value that lies at `key`, from any mapping inside `content` on."""
    if not isinstance(content, dict):
        return
    inside = content
    for part in key:
        inside = inside.get(part) if isinstance(inside, dict) else None
    if inside is not None:
        yield inside
    for child in content.values():
        yield from _found(child, key)


def _compose(path: str) -> yaml.Node | None:
    if Path(path).suffix == ".json":
        return None
    return yaml.compose(Path(path).read_text(encoding="utf-8"), Loader=yaml.SafeLoader)


def _faults(node: yaml.Node, path: Path, key: str):
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for name, value in node.value:
            text = name.value if isinstance(name, yaml.ScalarNode) else "?"
            inner = f"{key}.{text}" if key else text
            place = f"{path}, line {name.start_mark.line + 1}: {inner}"
            if text in seen:
                yield f"{place} appears twice; remove one of the two"
            if not name.tag.endswith((":str", ":merge")):
                yield f"{place} is not text but {name.tag.rsplit(':')[-1]}: write '{text}'"
            seen.add(text)
            yield from _faults(value, path, inner)
    elif isinstance(node, yaml.SequenceNode):
        for i, item in enumerate(node.value):
            yield from _faults(item, path, f"{key}.{i}")
    elif isinstance(node, yaml.ScalarNode):
        place = f"{path}, line {node.start_mark.line + 1}: {key}"
        if node.tag.endswith((":int", ":float")) and ":" in node.value:
            yield f"{place}: YAML reads {node.value} in base 60; write one plain number"
        elif node.tag.endswith(":float") and not math.isfinite(_float(node.value)):
            yield f"{place}: {node.value} is not a finite number"


def _float(text: str) -> float:
    return float(yaml.safe_load(text))


def hidden_by_merging(files, user: dict) -> list[str]:
    """`key: {}` where another file gives the key a value: merging would keep that in silence."""
    hidden = []
    for path in files:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        hidden += [
            f"{path}: {'.'.join(key)} is an empty mapping where a value is wanted"
            for key, merged in _empty(content, user, ())
            if merged is not None and not isinstance(merged, dict)
        ]
    return hidden


def _empty(content: object, merged: object, key: tuple):
    """The keys of `content` that hold an empty mapping, each with its value in `merged`."""
    if content == {} and key:
        yield key, merged
    elif isinstance(content, dict):
        for name, value in content.items():
            inside = merged.get(name) if isinstance(merged, dict) else None
            yield from _empty(value, inside, (*key, str(name)))

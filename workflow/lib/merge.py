"""How a user's config meets the default study: what you name is what runs, settings merge."""

import copy

# Sections of things that a study consists of, by name. All other sections are settings.
NAMED = ("targets", "flows", "approximations", "images", "vaes")
# What makes an entry another thing than the default study's of the same name.
IDENTITY = ("file", "family", "dataset", "method")


def merge(user: dict, default: dict) -> dict:
    """The study that `user`, a merged config, asks for, given the default study's config.

    Settings merge key by key. Named sections replace the default's: if `user` names targets or
    images, whichever of the two it does not name is empty, and without images the vaes are too.
    `name: null` only removes an entry.
    """
    study = _deeply(
        {key: value for key, value in default.items() if key not in NAMED},
        {key: value for key, value in user.items() if key not in NAMED},
    )
    own = {section: user.get(section) for section in NAMED}
    named_here = {section for section in NAMED if named(own[section])}
    for section in NAMED:
        default_entries = default.get(section, {})
        kept = {} if _replaced(section, own[section], named_here) else default_entries
        study[section] = _entries(own[section], kept, default_entries)
    if not study["images"] and "vaes" not in named_here:
        study["vaes"] = {}
    # A posterior that is no banana has defaults of its own, which the user's replace likewise.
    for section in ("flows", "approximations"):
        others = study[f"other_{section}"]
        kept = {} if _replaced(section, own[section], named_here) else others
        study[f"other_{section}"] = _entries(own[section], kept, others)
    return study


def named(section: dict | None) -> dict:
    """A section's entries, less those that `name: null` removes."""
    if not isinstance(section, dict):
        return {}
    return {name: entry for name, entry in section.items() if entry is not None}


def inherited(entry: dict, theirs: dict | None, name: str) -> dict:
    """`entry` over the default study's entry of the same name, unless it is another thing."""
    theirs = theirs or {}
    for key in IDENTITY:
        # A family, or a method, is the entry's own name unless given.
        usual = theirs.get(key, name if key in ("family", "method") else None)
        if key in entry and entry[key] != usual:
            return dict(entry)
    return copy.deepcopy(theirs) | entry


def _entries(own: object, theirs: dict, default: dict) -> object:
    if not isinstance(own, dict | None):
        return own  # the schema says what is wrong with it
    own = own or {}
    kept = {name: entry for name, entry in theirs.items() if name not in own}
    for name, entry in named(own).items():
        usual = default.get(name)
        kept[name] = inherited(entry, usual, name) if isinstance(entry, dict) else entry
    return kept


def _replaced(section: str, own: object, named_here: set[str]) -> bool:
    """Whether none of the default study's entries of a section are kept.

    named_here: the sections in which the user's config names at least one entry.
    """
    if section in named_here or own == {}:
        return True
    return section in ("targets", "images") and bool(named_here & {"targets", "images"})


def _deeply(first: dict, second: dict) -> dict:
    merged = copy.deepcopy(first)
    for key, value in second.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _deeply(merged[key], value) if both else copy.deepcopy(value)
    return merged

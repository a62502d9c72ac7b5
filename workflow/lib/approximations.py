"""What a config says of approximations other than flows: fitted here, or draws from a file."""

from .entries import family_of
from .validation import nearest

# Fitted here; their names are those of the entries, unless `method` says another.
METHODS = ("laplace", "pathfinder")
# Keys of an entry that say something of a file, and nothing of a method.
OF_A_FILE = ("space", "unnormalised")


def approximations_of(config: dict, target: str) -> dict[str, dict]:
    """The entries of the completed config that approximate `target`, by name, in their order."""
    section = config[_section(target, config["targets"][target])]
    return {
        name: section[name]
        for name in sorted(section)
        if section[name].get("target", target) == target
    }


def method_of(name: str, entry: dict) -> str | None:
    """How an approximation is fitted; None where it comes from a file."""
    return None if "file" in entry else entry.get("method", name)


def approximation_problems(config: dict) -> list[str]:
    """Entries that are not an approximation, or name no target."""
    problems = []
    for name, entry in config["approximations"].items():
        place = f"approximations.{name}"
        problems += _contradictions(place, name, entry)
        target = entry.get("target")
        if target is not None and target not in config["targets"]:
            known = nearest(target, config["targets"])
            problems.append(f"{place}.target: no target '{target}'{known}")
    return problems


def _contradictions(place: str, name: str, entry: dict) -> list[str]:
    if "file" in entry:
        if "method" in entry:
            return [f"{place}: give `file` or `method`, not both"]
        if "target" not in entry:
            return [f"{place}.target: say which target the draws of the file approximate"]
        return []
    problems = [
        f"{place}.{key}: this key describes a file, but no `file` is given"
        for key in OF_A_FILE
        if key in entry
    ]
    if entry.get("method", name) not in METHODS:
        problems.append(
            f"{place}: give `file`, draws that were made elsewhere, or `method`, one of "
            f"{' and '.join(METHODS)}"
        )
    return problems


def _section(name: str, target: dict) -> str:
    return "approximations" if family_of(name, target) == "banana" else "other_approximations"

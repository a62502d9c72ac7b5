"""Names that a user gives, and paths: what a folder, a table or Snakemake cannot take unchanged."""

import os
import re
from functools import cache
from pathlib import Path

from .imports import ROOT
from .merge import NAMED, named

# A name becomes part of file names, which may have 255 bytes.
LONGEST_NAME, LONGEST_PATH = 60, 1000
# What programs that read a table take for a missing value, a truth value or a number.
NO_TEXT = ("na", "nan", "null", "none", "nil", "inf", "infinity", "true", "false")
# A target is a folder beside these and a target of the command line beside those.
RESERVED = ("vae", "theory", "figures", "report", "logs", "bench", "check", "compare", "downloads")
# Rows of moments.csv beside the approximations' own.
ROWS = ("truth", "hmc")
# Characters of a path that Snakemake fills in, a shell expands, or nobody sees.
UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\ufeff{}$\\]")


@cache
def rule_names() -> frozenset[str]:
    """The names of all rules of the workflow, read from its files."""
    files = [ROOT / "Snakefile", *sorted((ROOT / "workflow" / "rules").glob("*.smk"))]
    found = r"^\s*(?:rule|checkpoint) (\w+)(?: as \w+)?:"
    texts = (file.read_text(encoding="utf-8") for file in files)
    return frozenset(name for text in texts for name in re.findall(found, text, re.MULTILINE))


def name_problems(config: dict) -> list[str]:
    """Names that would be lost in a table, or stand in the way of each other or of the results."""
    problems = []
    for section in (*NAMED, "other_flows", "recipes", "vae_recipes"):
        for name in named(config[section]):
            if section == "other_flows" and name in config["flows"]:
                continue  # said already
            if why := _unfit(section, name):
                problems.append(f"{section}.{name[:LONGEST_NAME]}: {why}; take another name")
        problems += _alike(section, named(config[section]))
    both = {name.lower() for name in (*config["flows"], *config["other_flows"])}
    problems += [
        f"approximations.{name}: a flow has that name, and tables tell them apart by it; take "
        "another name for one of the two"
        for name in (*config["approximations"], *config["other_approximations"])
        if name.lower() in both
    ]
    return problems


def _unfit(section: str, name: str) -> str | None:
    """Why an entry of a section may not have that name."""
    if len(name) > LONGEST_NAME:
        return (
            f"a name of {len(name)} characters is too long for a file; {LONGEST_NAME} is the limit"
        )
    low = name.lower()
    if low in NO_TEXT:
        return "programs that read tables take that for a missing value, a truth value or a number"
    if section == "targets" and low in RESERVED:
        return "the results use that name themselves"
    if section == "targets" and low in {rule.lower() for rule in rule_names()}:
        return "a rule of the workflow has that name, and `snakemake NAME` asks for a rule first"
    if section in ("flows", "other_flows", "approximations") and low in ROWS:
        return "moments.csv uses that name for one of its rows"
    return None


def _alike(section: str, entries) -> list[str]:
    """Names that differ by capitals only are one folder on macOS and Windows."""
    seen, problems = {}, []
    for name in entries:
        other = seen.setdefault(name.lower(), name)
        if other != name:
            problems.append(
                f"{section}.{name}: it differs from '{other}' by capitals only, and some disks do "
                "not tell them apart; rename one of the two"
            )
    return problems


def output_problems(output: str) -> list[str]:
    """What is wrong with the folder for the results."""
    why = unfit_path(output)
    if why is None:
        path = Path(output)
        beside = next((p for p in (path, *path.parents) if p.exists()), Path("."))
        if not beside.is_dir():
            why = f"'{beside}' is a file; name a folder"
        elif not path.name or path.name == "..":
            why = "the results need their own folder; name one, such as results"
        elif path.resolve() in (ROOT, *(ROOT / own for own in ("scripts", "workflow", "config"))):
            why = "the workflow's own files lie there; name a folder for the results alone"
    return [] if why is None else [f"output: {why}"]


def unfit_path(path: str) -> str | None:
    """Why a path cannot be used, whatever lies there; None if it can."""
    shown = ascii(path) if UNFIT.search(path) else repr(path)
    shown = shown if len(shown) < 80 else f"{shown[:80]}...'"
    if found := UNFIT.search(path):
        return f"{shown} holds {found.group()!r}, which is not allowed in a path here; leave it out"
    try:
        size = len(os.fsencode(path))
    except UnicodeEncodeError:
        return (
            f"{ascii(path)[:90]} cannot be written in this shell's locale; set LC_ALL=C.UTF-8, or "
            "PYTHONUTF8=1, and run again"
        )
    if path != path.strip():
        return f"{shown} begins or ends with a space; remove it"
    if path.startswith(("~", "-")):
        return f"{shown} begins with '{path[0]}', which only a shell understands; write it in full"
    if "://" in path:
        return f"{shown} is a URL; name a file or folder on this machine"
    if size > LONGEST_PATH or any(len(os.fsencode(p)) > 255 for p in Path(path).parts):
        return f"{shown} has {len(path)} characters, more than a disk allows; shorten it"
    return None

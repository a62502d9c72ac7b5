"""A study's config: what the user wrote over the default study, checked, with numbers as meant."""

from functools import cache

import yaml
from snakemake.exceptions import WorkflowError

from .approximations import approximation_problems
from .combinations import contradictions
from .config_files import faults, hidden_by_merging
from .entries import entry_problems, with_entry_numbers
from .families import Unreadable
from .imports import ROOT
from .merge import merge
from .numbers import as_meant
from .paths import with_paths
from .sizes import too_large
from .validation import not_finite, problems_of
from .without_effect import without_effect

DEFAULT = ROOT / "config" / "config.yaml"
SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.yaml"
# Ten times as fast, where PyYAML was built with it.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def read_schema() -> dict:
    """The config's JSON schema."""
    return yaml.load(SCHEMA.read_text(encoding="utf-8"), Loader=LOADER)


def default_config() -> dict:
    """The default study's config."""
    return yaml.load(DEFAULT.read_text(encoding="utf-8"), Loader=LOADER)


def complete(user: dict, files: tuple[str, ...] = (), memory: float | None = None) -> dict:
    """The whole config of the study that `user` asks for.

    user: all config files and --config, merged by Snakemake; files: the config files, the last
    one last, by which relative paths are found; memory: the bytes that a job can have, if known.
    Raises WorkflowError that names each key, what is wrong with it, and how to fix it.
    """
    schema = read_schema()
    problems = [fault for path in files for fault in faults(path)]
    problems += hidden_by_merging(files, user)
    default = default_config()
    config = merge(as_meant(user, schema, schema), default)
    problems = problems or problems_of(config, schema)
    try:
        # Each check relies on what those before it found to be right.
        if not problems:
            config, problems = with_paths(config, files)
        if not problems:
            config = with_entry_numbers(config)
            problems = not_finite(config) or entry_problems(config)
        if not problems:
            problems = approximation_problems(config) or contradictions(config, user)
            problems = problems or without_effect(config, user, default)
            problems = problems or too_large(config, memory)
    except Unreadable as error:
        problems = [str(error)]
    if problems:
        raise WorkflowError("The config cannot be used:\n  " + "\n  ".join(problems))
    return config

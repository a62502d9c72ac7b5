"""Where a config's files lie: beside the config file, else in the working directory."""

import filecmp
import os
from pathlib import Path

from .config_files import folder_that_names
from .names import unfit_path
from .validation import nearest

# Data that the banana brings itself.
WORDS_FOR_DATA = ("embedded", "course")
# Keys of entries that hold paths.
OF_FILES = {
    "targets": ("file", "data", "reference"),
    "approximations": ("file",),
    "other_approximations": ("file",),
}


def with_paths(config: dict, files) -> tuple[dict, list[str]]:
    """The config with every path resolved, and what is wrong with the paths.

    A relative path is looked for in the folder of the last config file that gives it, then in
    the working directory; two different files are an error.
    """
    problems = _data_folder(config)
    resolved = dict(config)
    for section, keys in OF_FILES.items():
        resolved[section] = {name: dict(entry) for name, entry in config[section].items()}
        for name, entry in resolved[section].items():
            for key in keys:
                if entry.get(key) is None or (key == "data" and entry[key] in WORDS_FOR_DATA):
                    continue
                place = (section.removeprefix("other_"), name, key)
                folder = folder_that_names(place, entry[key], files)
                entry[key], problem = _resolve(entry[key], folder, place)
                problems += problem
    return resolved, list(dict.fromkeys(problems))


def _data_folder(config: dict) -> list[str]:
    """Whether FLOWCHECK_DATA names a folder, where the study would look into it."""
    folder = os.environ.get("FLOWCHECK_DATA")
    used = [f"targets.{n}" for n, one in config["targets"].items() if one.get("data") == "course"]
    used += [f"images.{n}" for n, one in config["images"].items() if one["dataset"] != "digits"]
    if not folder or not used or Path(folder).is_dir():
        return []
    return [
        f"{used[0]}: its data are looked for in FLOWCHECK_DATA, which is {folder}, but there is no "
        "such folder; set it to the folder with the data files, or unset it"
    ]


def _resolve(path: str, folder: Path | None, place: tuple) -> tuple[str, list[str]]:
    key = ".".join(place)
    if why := unfit_path(path):
        return path, [f"{key}: {why}"]
    folders = list(dict.fromkeys(f for f in (folder, Path.cwd()) if f is not None))
    found = [file for one in folders if (file := one / path).is_file()]
    if not found:
        looked = " nor in ".join(map(str, folders))
        words = WORDS_FOR_DATA if place[2] == "data" else ()
        hint = nearest(path, words) if words else ""
        return path, [f"{key}: no file '{path}' in {looked}{hint}"]
    if len(found) == 2 and not filecmp.cmp(*found, shallow=False):
        return path, [
            f"{key}: '{path}' lies in {folders[0]} and, with other content, in {folders[1]}: "
            "write the absolute path of the one you mean"
        ]
    return shortest(found[0]), []


def shortest(path: Path) -> str:
    """The path from the working directory, if it lies below that, else the absolute one.

    A folder that is moved as a whole then keeps its inputs' names, and reruns nothing.
    """
    below = os.path.relpath(path)
    return str(path.absolute()) if below.startswith("..") else below

"""What can be said of a study before its first long job: each finding with how to fix it.

Nothing is computed here: a first look at each posterior (`flowcheck.first_look`) was made before.
"""

from typing import NamedTuple

# What the default study needs at least: results of some hundred megabytes, jobs of two gigabytes.
LEAST_DISK, LEAST_MEMORY = 2e9, 3e9  # bytes
# A study that takes longer than this gets a warning.
LONG_HOURS = 2.0


class Finding(NamedTuple):
    """One finding: of what, whether it is in order (False: a fault, None: a warning), in words."""

    about: str
    fine: bool | None
    text: str


def device(wanted: str, available: bool, name: str) -> Finding:
    """The config's device; available: whether torch finds a GPU; name: of what would be used."""
    if wanted == "cuda" and not available:
        return Finding(
            "device", False, "`device: cuda`, but torch finds no GPU here; set `device: auto`"
        )
    return Finding("device", True, name)


def compiler(found: bool) -> Finding:
    """Whether long trainings can be compiled."""
    if found:
        return Finding("compiler", True, "found: long trainings are compiled")
    return Finding(
        "compiler",
        None,
        "none found: training takes about three times as long; install g++ and Python's headers "
        "(Debian: g++, python3-dev)",
    )


def room(free_disk: float, free_memory: float, folder: str) -> list[Finding]:
    """Free bytes on the disk of the results and in memory."""
    found = []
    for about, free, least, cure in (
        ("disk", free_disk, LEAST_DISK, "free some, or set `output` to a folder elsewhere"),
        ("memory", free_memory, LEAST_MEMORY, "close other programs, or use fewer --cores"),
    ):
        where = f" in {folder}" if about == "disk" else ""
        text = f"{free / 1e9:.1f} GB free{where}"
        fine = free >= least
        found.append(Finding(about, fine or None, text if fine else f"{text}: {cure}"))
    return found


def posterior(name: str, look: dict, source: str, evaluations: dict[str, int]) -> list[Finding]:
    """What a first look found; look: the target's check.json; source: its file or family.

    evaluations: gradients of it in all of the study, by its "chains" and by flows' "training".
    """
    hours = (
        evaluations["chains"] / look["points_per_call"] * look["ms_per_call"]
        + evaluations["training"] / look["points_per_training_call"] * look["ms_per_training_call"]
    ) / 3.6e6
    size = f"{look['dim']} dimension" + ("s" if look["dim"] > 1 else "")
    about = f"target {name}"
    text = (
        f"{source}: {size}, {look['ms_per_call']:.2g} ms for {look['points_per_call']} gradients, "
        f"evaluating it takes about {_hours(hours)} of the study"
    )
    slow = hours > LONG_HOURS
    found = [Finding(about, None if slow else True, text + (_SLOW if slow else ""))]
    return found + [Finding(about, None, note) for note in look["notes"]]


_SLOW = (
    ": lower the draws, leapfrog steps and chains under `hmc` and the iterations under `training` "
    "for a first try, or make the density faster"
)


def approximation(name: str, target: str, run: dict) -> list[Finding]:
    """What reading the draws of an approximation found; run: its run.json.

    A file that is refused is no fault: its row says why, and the study goes on.
    """
    about = f"approximation {name}"
    if run["refused"]:
        return [Finding(about, None, f"refused, and left out of {target}: {run['refused']}")]
    read = Finding(about, True, f"{run['file']}: draws for {target}, in the {run['space']} space")
    return [read, *(Finding(about, None, note) for note in run["notes"])]


def image_set(name: str, dataset: str, folder: str | None) -> Finding:
    """Where an image set's files come from; folder: the one that holds them, if one does."""
    about = f"images {name}"
    if dataset == "digits":
        return Finding(about, True, "digits, bundled with scikit-learn")
    if folder:
        return Finding(about, True, f"{dataset}, read from {folder}")
    return Finding(
        about,
        None,
        f"{dataset} will be downloaded; without a network, set FLOWCHECK_DATA to a folder in which "
        f"{name}/ or {dataset}/ holds its four files",
    )


def _hours(hours: float) -> str:
    if hours >= 48:
        days = hours / 24
        return f"{days:,.0f} days" if days < 730 else f"{days / 365.25:,.0f} years"
    if hours >= 2:
        return f"{hours:.0f} hours"
    minutes = 60 * hours
    return f"{minutes:.0f} minutes" if minutes >= 1.5 else f"{60 * minutes:.0f} seconds"


def as_text(findings: list[Finding]) -> str:
    """A line for each finding, then a line that sums up."""
    marks = {True: "ok     ", None: "note   ", False: "FAULT  "}
    width = max(len(one.about) for one in findings)
    lines = [f"{marks[one.fine]}{one.about:<{width}}  {one.text}" for one in findings]
    faults = sum(one.fine is False for one in findings)
    last = "The study can run." if not faults else f"{faults} to fix before anything runs."
    return "\n".join([*lines, last])

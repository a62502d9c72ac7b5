"""What the documents say about the bench, rendered from its tables alone."""

import numpy as np
import pandas as pd

from bench import our_study, slopes
from bench.comparing import LEVEL, LOSES, OURS, PLAIN, WINS, Comparison, comparisons
from bench.history import Run, described

MODES = ("eager", "compiled")
FLOWS = {"planar": "planar", "nice": "NICE", "realnvp": "RealNVP"}
POSTERIORS = {
    "eight_schools": "eight schools",
    "logistic": "logistic regression",
    "gaussian_ar": "a Gaussian in 50 dimensions",
}
TASKS = {
    "flow": "{} flow",
    "hmc": "Hamiltonian Monte Carlo with fixed steps, {}",
    "trajectory": "compiled trajectories against eager ones, {}",
    "nuts": "effective draws of {} per CPU second, warm-up and compiling included",
    "nuts, compiled before": "effective draws of {} per CPU second, compiling left out",
    "vae": "autoencoder, {}",
    "study": "the default study's training of {}",
}
# The same for README's lines, each of which covers everything that a task was raced on.
ELSEWHERE = {
    "hmc": "Hamiltonian Monte Carlo with fixed steps, compared with the fastest other library",
    "trajectory": "its compiled trajectories, compared with its eager ones",
    "nuts": "effective draws per CPU second, warm-up and compiling included, compared with the "
    "better of NumPyro's and BlackJAX's NUTS",
    "nuts, compiled before": "the same, compiling left out for every library",
    "vae": "the autoencoder, compared with the plain loop",
}
COUNTED = {"flow": "replicate", "hmc": "chain", "trajectory": "chain"}
BEGIN, END = "<!-- bench: written by `make bench` -->", "<!-- /bench -->"
# Below README's table, and within the marks because the same run writes the linked page.
README_TEXT = """\
Other libraries train their flows one at a time. Every step uses 100 draws, and everything runs on
one core unless two are named. All results, the versions compared, and how cost grows with size are
in [docs/bench.md](docs/bench.md)."""
CORES = {1: "one core", 2: "two cores"}


def title(task: str, flow: str) -> str:
    """A heading for a task and what it was raced on."""
    return TASKS[task].format(FLOWS.get(flow, POSTERIORS.get(flow, flow)))


def number(value: float) -> str:
    """Three significant digits, with a comma between thousands."""
    if pd.isna(value):
        return "-"
    return f"{float(f'{value:.3g}'):,.10g}"


def times(ratios: tuple[float, ...]) -> str:
    """The median of some ratios, and their range where there are several: 2.8 (2.6 to 3.1)."""
    low, middle, high = (_ratio(f(ratios)) for f in (min, np.median, max))
    return middle if len(ratios) == 1 else f"{middle} ({low} to {high})"


def _ratio(value: float) -> str:
    return f"{value:.2f}" if value < 1 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def readme_block(runs: list[Run]) -> str:
    """What README says about speed: where flowcheck loses or is level, and its ratios."""
    found = comparisons([run.races for run in runs])
    spread = "" if len(runs) == 1 else ": the median, with the lowest and the highest in brackets"
    if any(len(one.ratios) == 1 for one in found) and len(runs) > 1:
        spread += ", or the last run alone where the others lack a row"
    lost = _lost([one for one in found if one.verdict == LOSES])
    meaning = "“Level” means that the ranges overlap or that runs disagree."
    lines = [f"From {described(runs)}{spread}. {meaning}", ""]
    lines += ["flowcheck is slower here:", "", *lost, ""] if lost else []
    lines += flow_table(found)
    rest = _elsewhere(found)
    lines += ["", "How many times as fast flowcheck is on other tasks:", "", *rest] if rest else []
    return "\n".join(lines + study_lines(runs))


def _lost(found: list[Comparison]) -> list[str]:
    """A line for each rival that is faster at something, with the numbers of chains it is for."""
    lines = {}
    for one in found:
        against = f", {one.against}" if one.against else ""
        name = f"{title(one.task, one.flow)}{against}: {one.them.contender} ({one.them.variant})"
        at = f" with {_counted(one.task, one.count)}" if one.count else ""
        inverse = tuple(1 / ratio for ratio in one.ratios)
        lines.setdefault(name, []).append(f"{times(inverse)} times as fast{at}")
    return [f"- {name} is {', '.join(losses)}" for name, losses in lines.items()]


def _elsewhere(found: list[Comparison]) -> list[str]:
    """A line for each task except the flows' and the study's, with the races not lost."""
    lines = {}
    for one in found:
        if one.task in ELSEWHERE and one.verdict != LOSES:
            name = POSTERIORS.get(one.flow, one.flow)
            at = f" with {_counted(one.task, one.count)}" if one.count else ""
            lines.setdefault(one.task, []).append(f"{name}{at} {_cell(one)}")
    return [f"- {ELSEWHERE[task]}: {'; '.join(ratios)}" for task, ratios in lines.items()]


def flow_table(found: list[Comparison]) -> list[str]:
    """How many times as fast flowcheck trains the flows, a line for each rival; may be empty."""
    flows = {(one.against, one.count, one.flow): one for one in found if one.task == "flow"}
    rivals = list(dict.fromkeys(against for against, _, _ in flows))
    kinds = sorted({key[:2] for key in flows}, key=lambda kind: (rivals.index(kind[0]), kind[1]))
    lines = [
        f"| times as fast as | {' | '.join(FLOWS.values())} |",
        "|---|" + "---|" * len(FLOWS),
    ]
    for against, count in kinds:
        cells = [_cell(flows.get((against, count, flow))) for flow in FLOWS]
        name = f"{against}, {_counted('flow', count)}" if count else against
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines if kinds else []


def _cell(one: Comparison | None) -> str:
    if one is None:
        return "-"
    return times(one.ratios) + ("" if one.verdict == WINS else f", {one.verdict}")


def study_lines(runs: list[Run]) -> list[str]:
    """How long the default study's training takes; empty if it was not measured."""
    seconds, gains, rows = [], [], None
    for run in runs:
        some = run.races[run.races["task"] == "study"].set_index("contender")
        if {OURS, PLAIN} <= set(some.index):
            rows = some
            plain, ours = (our_study.steps() / some.loc[name, "rate"] for name in (PLAIN, OURS))
            seconds.append(ours)
            gains.append(plain / ours)
    if rows is None:
        return []
    replicates, threads = rows.loc[OURS, ["replicates", "threads"]]
    return [
        "",
        f"The default study trains its three flows, {replicates} replicates each, in "
        f"{times(tuple(seconds))} s on {CORES[threads]}. This includes Snakemake itself, the start "
        "of every job, and compilation with an empty cache. "
        f"The plain loop would take {times(tuple(gains))} times as long.",
    ]


def verdicts(runs: list[Run]) -> list[str]:
    """Who wins each task, at each of our numbers of replicates or chains, and by how much."""
    return [f"{_place(one)}: {_sentence(one)}" for one in comparisons([r.races for r in runs])]


def _place(one: Comparison) -> str:
    against = f", {one.against}" if one.against else ""
    return f"{title(one.task, one.flow)}{_count(one)}{against}"


def _count(one: Comparison) -> str:
    return f", {_counted(one.task, one.count)}" if one.count else ""


def _counted(task: str, count: int) -> str:
    return f"{count:,} {COUNTED[task]}{'s' if count > 1 else ''}"


def _sentence(one: Comparison) -> str:
    """One sentence on our fastest row against the others' fastest."""
    us, them = one.us, one.them
    mine = f"flowcheck ({us.variant}) with {number(us.rate)} {us.unit}"
    each = ", one at a time" if one.task == "flow" and them.replicates < us.replicates else ""
    theirs = f"{them.contender} ({them.variant}{each}) with {number(them.rate)}"
    if one.verdict == LEVEL:
        return (
            f"level: {mine}, {theirs}, {times(one.ratios)} times; "
            "the ranges overlap or the runs disagree."
        )
    if one.verdict == WINS:
        return f"{mine} beats {theirs}; it is {times(one.ratios)} times as fast."
    inverse = tuple(1 / ratio for ratio in one.ratios)
    return f"flowcheck loses: {theirs} is {times(inverse)} times as fast as {mine}."


def document(runs: list[Run], grown: pd.DataFrame, machine: dict) -> str:
    """The whole of docs/bench.md: who wins over all runs, then the last run's rows."""
    races = runs[-1].races
    ratios = f"from {described(runs)}"
    if len(runs) > 1:
        ratios = f"medians over {described(runs)}, with the lowest and the highest in brackets"
    parts = [
        "# The bench",
        "`make bench` writes this page from docs/bench-runs and docs/bench_scaling.csv. "
        "[bench/README.md](../bench/README.md) describes what is raced, and how. "
        f"Ratios are {ratios}; rates and tables are those of the last run. "
        f"Measured on {machine['cpu']}, {machine['cores']} cores, "
        f"Python {machine['python']}, "
        + ", ".join(f"{name} {v}" for name, v in machine["versions"].items() if v)
        + ".",
        "## Who wins",
        "\n".join(f"- {line}" for line in verdicts(runs)),
    ]
    for (task, flow), rows in races.groupby(["task", "flow"], sort=False):
        heading = title(task, flow)
        parts += [f"## {heading[0].upper()}{heading[1:]}", race_table(rows)]
    parts += ["## How cost grows", "![Seconds as a function of each size](bench_scaling.png)"]
    studies = grown.groupby("study")["size"].agg(["min", "max"])
    parts.append(
        "\n".join(
            f"- {slopes.sentence(study, mode, line, *studies.loc[study])}"
            for (study, mode), line in slopes.fits(grown).items()
        )
    )
    return "\n\n".join([*parts, scaling_table(grown)]) + "\n"


def race_table(rows: pd.DataFrame) -> str:
    """One task's rows, fastest first; those left out last."""
    rows = rows.sort_values("rate", ascending=False, kind="stable")
    flows = rows["task"].iloc[0] in ("flow", "vae", "study")
    counted = "replicates" if flows else "chains"
    unit = rows["unit"].iloc[0]
    lines = [
        f"| contender | variant | {counted} | threads | {unit}, median | min to max | steps/s | "
        "of the floor | first call, s | what differs |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows.itertuples():
        if pd.isna(row.rate):
            lines.append(f"| {row.contender} | | | | - | | | | | {row.note} |")
            continue
        note = row.note if isinstance(row.note, str) else ""
        steps = number(row.rate / row.replicates) if row.task == "flow" else ""
        share = "-" if pd.isna(row.floor) else f"{number(100 * row.rate / row.floor)} %"
        lines.append(
            f"| {row.contender} | {row.variant} | {row.replicates} | {row.threads} | "
            f"{number(row.rate)} | {number(row.rate_min)} to {number(row.rate_max)} | {steps} | "
            f"{share} | {row.compile_seconds:.1f} | {note} |"
        )
    return "\n".join(lines)


def scaling_table(grown: pd.DataFrame) -> str:
    """Every size of every study."""
    lines = [
        "| study | mode | size | seconds, median | min to max | arithmetic alone | unit |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in grown.itertuples():
        lines.append(
            f"| {row.study} | {row.mode} | {row.size:,} | {row.seconds:.3g} | "
            f"{row.seconds_min:.3g} to {row.seconds_max:.3g} | {row.floor:.2g} | {row.unit} |"
        )
    return "\n".join(lines)


def fill(readme: str, runs: list[Run]) -> str:
    """README's text, with the part between the two marks rendered again.

    Raises ValueError if the marks are not there.
    """
    before, mark, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not mark or not end:
        raise ValueError(f"README.md has no place for the bench: {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{readme_block(runs)}\n\n{README_TEXT}\n{END}{after}"

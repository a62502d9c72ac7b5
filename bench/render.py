"""What the documents say of the bench, rendered from its own tables and from nothing else."""

import pandas as pd

from bench import our_study, slopes

MODES = ("eager", "compiled")
FLOWS = {"planar": "planar", "nice": "NICE", "realnvp": "RealNVP"}
TASKS = {
    "flow": "{} flow",
    "hmc": "Hamiltonian Monte Carlo, {}",
    "vae": "autoencoder, {}",
    "study": "the default study's training of {}",
}
BEGIN, END = "<!-- bench: written by `make bench` -->", "<!-- /bench -->"
# Below README's table; within the marks, since its link leads to what the same run wrote.
README_TEXT = """\
Flows trained side by side, 100 draws a step, by the total gradient. Who wins and who loses,
samplers, autoencoders, and how cost grows: [docs/bench.md](docs/bench.md)."""
OURS, PLAIN = "flowcheck", "plain loop"
CORES = {1: "one core", 2: "two cores"}
GRADIENTS = ("total", "path")
# Other libraries' training by their own loop, and by one that the bench wrote for them.
LOOPS = {"their own loops": False, "a compiled scan": True}


def title(task: str, flow: str) -> str:
    """A task on something, as a heading."""
    return TASKS[task].format(FLOWS.get(flow, flow))


def number(value: float) -> str:
    """Three significant digits, with thousands set off."""
    if pd.isna(value):
        return "-"
    return f"{float(f'{value:.3g}'):,.10g}"


def readme_table(races: pd.DataFrame) -> str:
    """README's table: training the three flows, by whom, in replicate-iterations per second.

    Everyone by the total gradient, which all libraries have.
    """
    flows = races[(races["task"] == "flow") & races["rate"].notna()]
    flows = flows[~flows["variant"].str.contains("path")]
    ours = flows[flows["contender"] == OURS]
    lines = [
        f"| replicate-iterations per second | {' | '.join(FLOWS.values())} |",
        "|---|" + "---|" * len(FLOWS),
        _line("plain loop", {flow: _best(flows, PLAIN, flow) for flow in FLOWS}),
    ]
    others = flows[~flows["contender"].isin([OURS, PLAIN])]
    lines.append(_line("the fastest other library", {f: _top(others, f) for f in FLOWS}, True))
    for (count, threads), some in ours.groupby(["replicates", "threads"]):
        name = f"flowcheck, {count} replicate{'s' if count > 1 else ''}"
        name += f", {threads} threads" if threads > 1 else ""
        lines.append(_line(name, {flow: _top(some, flow) for flow in FLOWS}))
    floors = {flow: flows.loc[flows["flow"] == flow, "floor"].max() for flow in FLOWS}
    cells = [number(value) for value in floors.values()]
    lines.append(f"| if only the arithmetic took time | {' | '.join(cells)} |")
    lines += gain_lines(races) + study_lines(races)
    return "\n".join(lines)


def gain_lines(races: pd.DataFrame) -> list[str]:
    """What is gained on the plain loop by each gradient on two cores; none if not measured."""
    flows = races[(races["task"] == "flow") & races["rate"].notna()]
    ours = flows[(flows["contender"] == OURS) & (flows["threads"] == max(CORES))]
    said = []
    for flow, name in FLOWS.items():
        plain = _best(flows, PLAIN, flow)
        rows = [_top(ours[ours["variant"].str.contains(kind)], flow) for kind in GRADIENTS]
        if any(row is None for row in (plain, *rows)):
            continue
        gains = [row.rate / plain.rate for row in rows]
        said.append(
            f"{name} {gains[0]:.1f} times by the total gradient ({rows[0].replicates} replicates) "
            f"and {gains[1]:.1f} by the path gradient ({rows[1].replicates})"
        )
    return ["", f"On two cores, against the plain loop: {'; '.join(said)}."] if said else []


def study_lines(races: pd.DataFrame) -> list[str]:
    """How long the default study's training takes, below README's table; none if not measured."""
    rows = races[races["task"] == "study"].set_index("contender")
    if not {OURS, PLAIN} <= set(rows.index):
        return []
    plain, ours = (our_study.steps() / rows.loc[name, "rate"] for name in (PLAIN, OURS))
    replicates, threads = rows.loc[OURS, ["replicates", "threads"]]
    return [
        "",
        f"The default study trains its three flows, {replicates} replicates each, in "
        f"{number(ours)} s on {CORES[threads]}, Snakemake, every job's start and a cold "
        f"compilation included; the plain loop would take {number(plain)} s, "
        f"{plain / ours:.1f} times as long.",
    ]


def _line(name: str, rows: dict, named: bool = False) -> str:
    cells = []
    for row in rows.values():
        if row is None:
            cells.append("-")
        else:
            who = f" ({row.contender}, {row.variant})" if named else ""
            cells.append(number(row.rate) + who)
    return f"| {name} | {' | '.join(cells)} |"


def _best(table: pd.DataFrame, contender: str, flow: str):
    return _top(table[table["contender"] == contender], flow)


def _top(table: pd.DataFrame, flow: str):
    """The fastest row on one flow, or None."""
    rows = table[table["flow"] == flow]
    return None if rows.empty else rows.loc[rows["rate"].idxmax()]


def verdicts(races: pd.DataFrame) -> list[str]:
    """For each task, and each number of replicates or chains of ours: who wins, by how much.

    Flows of other libraries are trained one at a time, so these are what many of ours meet.
    """
    found = []
    measured = races[races["rate"].notna()]
    for (task, flow), rows in measured.groupby(["task", "flow"], sort=False):
        ours, others = rows[rows["contender"] == OURS], rows[rows["contender"] != OURS]
        if task == "flow":  # the others have one thread
            ours = ours[ours["threads"] == 1]
        for count, some in ours.groupby("replicates"):
            place = f", {_counted(task, count)}" if task != "vae" else ""
            for who, rivals in _rivals(task, others, count).items():
                if len(rivals):
                    found.append(f"{title(task, flow)}{place}{who}: {_compare(some, rivals)}")
    return found


def _rivals(task: str, others: pd.DataFrame, count: int) -> dict[str, pd.DataFrame]:
    """Whom ours is compared with, and what to say of that."""
    if task != "flow":
        return {"": others[others["replicates"] == count]}
    scans = others["variant"].str.contains("scan")
    return {f", {who}": others[scans == scan] for who, scan in LOOPS.items()}


def _counted(task: str, count: int) -> str:
    thing = "chain" if task == "hmc" else "replicate"
    return f"{count:,} {thing}{'s' if count > 1 else ''}"


def _compare(ours: pd.DataFrame, others: pd.DataFrame) -> str:
    """One sentence on our fastest row against the others' fastest."""
    us, them = ours.loc[ours["rate"].idxmax()], others.loc[others["rate"].idxmax()]
    mine = f"flowcheck ({us.variant}) with {number(us.rate)} {us.unit}"
    each = ", one at a time" if them.replicates < us.replicates else ""
    theirs = f"{them.contender} ({them.variant}{each}) with {number(them.rate)}"
    # Ranges that overlap decide nothing.
    if us.rate_min <= them.rate_max and them.rate_min <= us.rate_max:
        return f"no winner: {mine}, {theirs}; their ranges overlap."
    if us.rate > them.rate:
        return f"{mine} beats {theirs}, {us.rate / them.rate:.1f} times."
    return f"flowcheck loses: {theirs} is {them.rate / us.rate:.1f} times as fast as {mine}."


def document(races: pd.DataFrame, grown: pd.DataFrame, machine: dict) -> str:
    """docs/bench.md, whole."""
    parts = [
        "# The bench",
        "Written by `make bench` from docs/bench.csv and docs/bench_scaling.csv; what is raced, "
        "and how, is in [bench/README.md](../bench/README.md). "
        f"Measured on {machine['cpu']}, {machine['cores']} cores, "
        f"Python {machine['python']}, "
        + ", ".join(f"{name} {v}" for name, v in machine["versions"].items() if v)
        + ".",
        "## Who wins",
        "\n".join(f"- {line}" for line in verdicts(races)),
    ]
    for (task, flow), rows in races.groupby(["task", "flow"], sort=False):
        heading = title(task, flow)
        parts += [f"## {heading[0].upper()}{heading[1:]}", race_table(rows)]
    parts += ["## How cost grows", "![Seconds against each size](bench_scaling.png)"]
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
    counted = "chains" if rows["task"].iloc[0] == "hmc" else "replicates"
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


def fill(readme: str, races: pd.DataFrame) -> str:
    """README's text with its table, between the two marks, rendered anew.

    Raises ValueError if the marks are not there.
    """
    before, mark, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not mark or not end:
        raise ValueError(f"README.md has no place for the bench: {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{readme_table(races)}\n\n{README_TEXT}\n{END}{after}"

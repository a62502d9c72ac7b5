"""Try every fault and print what came of them; exit 1 if any would have hurt a user.

python -m tests.faults                     all of them
python -m tests.faults names data          those of these kinds
python -m tests.faults --write docs/faults.md
"""

import argparse
import importlib
import pkgutil
import sys
import time
from collections import Counter
from pathlib import Path

from tests import faults
from tests.faults.case import BAD, OUTCOMES, Case, Outcome, bad, note, tried

COLUMNS = {"refused": "refused cleanly", "survived": "survived"} | {word: word for word in BAD}
START, END = "<!-- faults: written by `make test-faults` -->", "<!-- /faults -->"


def all_cases() -> list[Case]:
    """The cases of every module of this package that has some, in the order of their kinds."""
    names = sorted(module.name for module in pkgutil.iter_modules(faults.__path__))
    modules = [importlib.import_module(f"tests.faults.{n}") for n in names if n[:2] != "__"]
    cases = [case for module in modules for case in getattr(module, "CASES", ())]
    doubles = [key for key, n in Counter((c.kind, c.name) for c in cases).items() if n > 1]
    if doubles:
        raise ValueError(f"cases of one name and kind: {doubles}")
    return sorted(cases, key=lambda case: case.kind)


def table(results: list[tuple[Case, Outcome]]) -> str:
    """The number of cases and of each outcome, by kind, as Markdown."""
    kinds = list(dict.fromkeys(case.kind for case, _ in results))
    lines = [
        f"| kind | cases tried | {' | '.join(COLUMNS.values())} |",
        f"|---|{'---|' * (1 + len(COLUMNS))}",
    ]
    for kind in [*kinds, None]:
        words = [out.word for case, out in results if kind in (None, case.kind)]
        cells = [len(words), *(words.count(word) for word in OUTCOMES)]
        lines.append(f"| {kind or '**all**'} | {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def written_into(document: Path, text: str) -> None:
    """Replace what stands between the two marks in a document."""
    content = document.read_text(encoding="utf-8")
    before, rest = content.split(START)
    after = rest.split(END)[1]
    document.write_text(f"{before}{START}\n{text}\n{END}{after}", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("kinds", nargs="*", help="kinds of cases; all unless given")
    parser.add_argument("--write", type=Path, help="a document to write the table into")
    parser.add_argument("--show", action="store_true", help="print every message")
    options = parser.parse_args()
    cases = all_cases()
    unknown = set(options.kinds) - {case.kind for case in cases}
    if unknown:
        parser.error(f"no kind {sorted(unknown)}; known: {sorted({c.kind for c in cases})}")
    started, results = time.monotonic(), []
    for case in cases:
        if options.kinds and case.kind not in options.kinds:
            continue
        outcome = tried(case)
        results.append((case, outcome))
        if bad(outcome) or options.show:
            note(f"{case.kind}: {case.name}: {outcome.word}: {outcome.message}\n")
    text = table(results)
    print(text)
    print(f"\n{len(results)} cases in {time.monotonic() - started:.0f} s")
    if options.write:
        written_into(options.write, text)
    return int(any(bad(outcome) for _, outcome in results))


if __name__ == "__main__":
    sys.exit(main())

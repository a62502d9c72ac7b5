"""Which files a changed digest of the code comes from: said once, when a run is planned."""

import hashlib
import json
import sys
from pathlib import Path

from .imports import LOCK, ROOT, SCRIPTS

SHOWN = 3  # names, at most
# In the working directory, beside Snakemake's own notes.
RECORD = Path(".snakemake") / "flowcheck-code.json"


def code_files() -> dict[str, str]:
    """The digest of every file that a step may depend on, by its path from the root."""
    files = [ROOT / LOCK, *(p for p in SCRIPTS.rglob("*") if p.is_file() and p.suffix != ".pyc")]
    return {
        str(path.relative_to(ROOT)): hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        for path in sorted(files)
    }


def explain_changes() -> None:
    """Name, on the screen, the files of the project that changed since the last complete run."""
    try:
        before = json.loads(RECORD.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return  # no run was completed here
    now = code_files()
    changed = sorted(
        path for path in before.keys() | now.keys() if before.get(path) != now.get(path)
    )
    if changed:
        more = f" and {len(changed) - SHOWN} more" if len(changed) > SHOWN else ""
        names = ", ".join(changed[:SHOWN])
        print(f"Changed since the last complete run: {names}{more}", file=sys.stderr)


def remember_code() -> None:
    """Note the files as they are: a run was completed with them."""
    try:
        RECORD.parent.mkdir(exist_ok=True)
        RECORD.write_text(json.dumps(code_files(), indent=0), encoding="utf-8")
    except OSError:
        pass  # a folder that cannot be written to only loses this explanation

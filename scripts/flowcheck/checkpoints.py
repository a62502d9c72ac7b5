"""What a training saves as it runs, so that an interrupted one can resume and end the same.

It lies in a folder next to the training's outputs but is not one of them: Snakemake removes the
outputs of a job that was killed. The newest run owns the folder. An older one that still runs,
because what started it died, finds that out at its next checkpoint and stops before it writes
anything more.
"""

import hashlib
import io
import shutil
from pathlib import Path
from uuid import uuid4

import torch

from flowcheck.files import write_whole
from flowcheck.intact import Unusable


def _packed(kept: dict) -> bytes:
    """A line with the digest of what follows it, as torch saves it: that checks no bit itself."""
    content = io.BytesIO()
    torch.save(kept, content)
    return hashlib.sha256(content.getvalue()).hexdigest().encode() + b"\n" + content.getvalue()


def _unpacked(packed: bytes) -> dict:
    """What `_packed` was given. Raises ValueError if a bit of it is another."""
    digest, _, content = packed.partition(b"\n")
    if digest != hashlib.sha256(content).hexdigest().encode():
        raise ValueError("its digest does not match")
    return torch.load(io.BytesIO(content), weights_only=True)


def _why(error: Exception) -> str:
    return str(error) if type(error) is ValueError else type(error).__name__


class TakenOver(RuntimeError):
    """A newer run of the same training has begun: this one must write nothing more."""


class Checkpoint:
    """The state of one training, on disk: `take_up` once, `keep` now and then, `remove` at the end.

    folder: made if need be, and taken over from any run that had it. made_by: names what the run
    depends on besides what `take_up` is told, such as the contents of the code and the data.
    """

    def __init__(self, folder: str | Path, made_by: str = ""):
        self.folder = Path(folder)
        self.path = self.folder / "checkpoint.pt"
        self.identity = {"made_by": made_by}
        self._owner = uuid4().hex
        owner = self.folder / "owner"
        write_whole(owner, lambda file: file.write_text(self._owner, encoding="utf-8"))

    def take_up(self, **identity) -> dict | None:
        """The state that a run of the same identity kept last, or None, and then why in the log.

        identity: the recipe, seeds and the like, compared with the kept run's by value.
        """
        self.identity |= identity
        if not self.path.exists():
            return None
        if self.path.is_dir():
            raise Unusable(self.path, "is a folder where a file should be")
        try:
            kept = _unpacked(self.path.read_bytes())
            same = kept["identity"] == self.identity
        except Exception as error:  # a torn file may raise anything
            print(f"{self.path} cannot be read ({_why(error)}): from the start", flush=True)
            return None
        if not same:
            print(f"{self.path} is of other code, data or settings: from the start", flush=True)
            return None
        print(f"going on from {self.path}", flush=True)
        return kept["state"]

    def keep(self, state: dict) -> None:
        """Replace what was kept, whole or not at all. Raises TakenOver."""
        self.require_ownership()
        content = _packed({"identity": self.identity, "state": state})
        write_whole(self.path, lambda file: file.write_bytes(content))

    def require_ownership(self) -> None:
        """Raise TakenOver if a newer run has begun, or begun and ended. Call before any output."""
        owner = self.folder / "owner"
        if not owner.exists() or owner.read_text(encoding="utf-8") != self._owner:
            raise TakenOver(f"a newer run has taken {self.folder} over; this one stops")

    def remove(self) -> None:
        """Remove the folder: the training is done, and its outputs are written."""
        shutil.rmtree(self.folder, ignore_errors=True)

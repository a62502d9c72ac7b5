"""Where a training step keeps what it goes on from when it was cut off."""

import json
from pathlib import Path

import torch
from flowcheck import files
from flowcheck.checkpoints import Checkpoint


def checkpoint_of(snakemake, device: torch.device) -> Checkpoint:
    """The step's checkpoint, beside its model and no output of it.

    It is taken up only with the same params and inputs, code and environment among them, and on the
    same kind of device.
    """
    params = json.dumps(dict(snakemake.params.items()), sort_keys=True)
    made_by = f"{device.type} {files.fingerprint(snakemake.input)} {params}"
    return Checkpoint(Path(snakemake.output.model).with_name("unfinished"), made_by)

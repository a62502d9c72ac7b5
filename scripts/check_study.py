"""`snakemake check`: what is there, what is missing and how long it will take, before long jobs."""

from step import snakemake, tell

import os
import shutil
from pathlib import Path

import psutil
import torch
from flowcheck import compiling, device, files, idx_files, study_check
from flowcheck.observations import data_folder

params, paths = snakemake.params, snakemake.input

# The log lies among the results, so on their disk.
folder = Path(snakemake.log[0]).absolute().parent
gpu = torch.cuda.is_available()
used = torch.device("cuda" if gpu and params.device != "cpu" else "cpu")
disk, memory = shutil.disk_usage(folder).free, psutil.virtual_memory().available
findings = [
    study_check.device(params.device, gpu, device.describe(used)),
    study_check.compiler(compiling.has_compiler()),
    *study_check.room(disk, memory, str(folder)),
]
for (name, source), path in zip(params.sources.items(), paths.checks, strict=True):
    look, own = files.read_json(path), params.evaluations[name]
    findings += study_check.posterior(name, look, source, own)
for (target, name), path in zip(params.approximations, paths.approximations, strict=True):
    findings += study_check.approximation(name, target, files.read_json(path))
for name, dataset in params.images.items():
    root = dataset != "digits" and os.environ.get("FLOWCHECK_DATA")
    place = root and idx_files.folder_of(data_folder(root), name, dataset)
    findings.append(study_check.image_set(name, dataset, place and str(place)))
tell(study_check.as_text(findings))
if faults := [one for one in findings if one.fine is False]:
    raise ValueError("; ".join(f"{one.about}: {one.text}" for one in faults))

"""`snakemake check`: what is there, what is missing and how long it will take, before long jobs."""

from step import snakemake, tell

import os
import shutil
from pathlib import Path

import psutil
import torch
from flowcheck import compiling, device, files, images, study_check

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
    findings += study_check.posterior(name, files.read_json(path), source)
for (target, name), path in zip(params.approximations, paths.approximations, strict=True):
    findings += study_check.approximation(name, target, files.read_json(path))
for name, dataset in params.images.items():
    place = images.files_folder(os.environ.get("FLOWCHECK_DATA"), name)
    findings.append(study_check.image_set(name, dataset, place and str(place)))
tell(study_check.as_text(findings))
if faults := [one for one in findings if one.fine is False]:
    raise ValueError("; ".join(f"{one.about}: {one.text}" for one in faults))

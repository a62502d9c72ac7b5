"""torchvision, imported so that it also works beside a CPU-only torch.

torchvision registers Python fallbacks for operators that its compiled extension declares. Beside a
torch it was not built for the extension does not load, the operators are missing, and the import
ends in "operator torchvision::nms does not exist". Data sets need none of these operators, so
declaring their names is enough.
"""

import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType

import torch

MISSING_OPERATORS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)


@cache
def import_torchvision_datasets() -> ModuleType:
    """The module torchvision.datasets. Raises ImportError if torchvision is not installed."""
    spec = importlib.util.find_spec("torchvision")
    if spec is None:
        raise ImportError("this image set is read through torchvision: pip install torchvision")
    try:
        # Only where this fails may the names be declared: twice declared, torch aborts the process.
        torch.ops.load_library(str(Path(spec.origin).parent / "_C.so"))
    except OSError:
        _declare_missing_operators()
    from torchvision import datasets

    return datasets


@cache  # The library object must live on: with it go its declarations.
def _declare_missing_operators() -> torch.library.Library:
    library = torch.library.Library("torchvision", "FRAGMENT")
    for schema in MISSING_OPERATORS:
        library.define(schema)
    return library

"""What is wrong with a user's posterior, in words, with the line of their file where there is one.

Exceptions from inside a model come from torch more often than from its author, and name vmap,
batching and storage where the author wrote `numpy` or `if`. `explain` says what to write instead.
"""

import inspect
import traceback
from difflib import get_close_matches
from pathlib import Path

# What an exception's message contains, and what that means for the one who wrote the model.
_MEANINGS = (
    (
        ("calling .item()",),
        "a tensor is turned into a Python number there (.item(), float(), int(), or a function of "
        "`math`), and log_density is mapped over many points and differentiated. Keep to torch: "
        "torch.exp for math.exp, torch.stack for torch.tensor([...])",
    ),
    (
        ("have storage", "Can't call numpy()", "Can't detach views in-place", "to numpy"),
        "a tensor is turned into a NumPy array or a new tensor there (numpy, scipy, .numpy(), "
        ".tolist(), torch.tensor(...)), which cannot be mapped over points or differentiated. Use "
        "torch's functions, or give value_and_grad, which takes and returns NumPy arrays",
    ),
    (
        ("data-dependent control flow",),
        "an `if` or `while` asks for the value of a parameter there, which differs from point to "
        "point. Use torch.where, or set `batched = True` and keep leading axes",
    ),
    (
        ("inplace arithmetic", "modified by an inplace operation"),
        "a value that depends on the parameters is written into a tensor in place there. Build it "
        "with torch.stack, torch.cat or torch.where",
    ),
    (
        ("dynamic shape", "nonzero"),
        "the shape of a tensor depends on the value of a parameter there (indexing with a mask). "
        "Use torch.where with a value for either case",
    ),
    (
        ("random operation while in randomness",),
        "a random number is drawn there. The log density must be a fixed function of the "
        "parameters and of all the data: no minibatches, no dropout. Draw in __init__, if at all",
    ),
    (
        ("used as indices must be",),
        "an index is not a whole number there: all data arrive as float64, so write "
        "torch.tensor(data['group']).long() for what serves as an index",
    ),
    (
        ("positive-definite", "singular"),
        "a matrix cannot be factorised at some of the points. Add a small constant to its "
        "diagonal, or use torch.linalg.cholesky_ex, which does not raise, and torch.where",
    ),
    (
        ("expected scalar type", "same dtype", "must have the same dtype"),
        "float32 meets float64 there: parameters and data arrive as float64, so leave out .float() "
        "and dtype=torch.float32",
    ),
    (
        ("on the same device", "on different devices"),
        "tensors lie on different devices there: make constants in __init__ with torch.tensor, "
        "which follows the study's device (torch.from_numpy does not)",
    ),
)


class ModelError(ValueError):
    """A target that cannot be used. The message is one paragraph: where, what, how to fix it."""


def explain(error: Exception, file: str, doing: str, shapes: dict | None = None) -> ModelError:
    """`error`, raised by the code of `file` while `doing` ("in log_density"), as a ModelError.

    shapes: of the arguments at one point, by name, if they were tensors; they are told where
    torch's own message is about shapes.
    """
    text = " ".join(str(error).split()) or "(no message)"
    meaning = next((words for marks, words in _MEANINGS if any(m in text for m in marks)), None)
    if meaning is None and _inside_numpy(error) and _inside(error, file) is not None:
        meaning = _MEANINGS[1][1] if shapes else None
    place = at_line(file, _inside(error, file))
    if isinstance(error, ModuleNotFoundError) and error.name:
        return ModelError(
            f"{place}: {doing}, no module named '{error.name}'. Install it into the environment "
            "that runs flowcheck, or put the file next to this one and import it at the top"
        )
    if meaning is not None:
        return ModelError(f"{place}: {doing}, {meaning}. (torch says: {_first_sentence(text)})")
    message = f"{place}: {doing}, {type(error).__name__}: {text}"
    if shapes and any(word in text for word in ("size", "shape", "dimension")):
        listed = ", ".join(f"{name} {tuple(shape)}" for name, shape in shapes.items())
        message += (
            f". The arguments of one point have shapes {listed}; a vector of terms is added up by "
            ".sum()"
        )
    return ModelError(message)


def at_line(file: str, line: int | None) -> str:
    """ "my_model.py, line 7", or the file alone."""
    return f"{file}, line {line}" if line else file


def line_of(thing: object, *texts: str) -> int | None:
    """The line where a class or function is defined, if its source can be read.

    With texts: the first line of its source that holds one of them, those first named preferred.
    """
    try:
        lines, first = inspect.getsourcelines(inspect.unwrap(thing))
    except (OSError, TypeError):
        return None
    found = (i for text in texts for i, line in enumerate(lines) if text in line)
    return first + next(found, 0)


def nearest(name: object, known) -> str:
    """ " (known: a, b); did you mean 'a'?", as far as there is something to say."""
    known = [str(one) for one in known]
    match = get_close_matches(str(name), known, n=1, cutoff=0.5)
    hint = f"; did you mean '{match[0]}'?" if match else ""
    return f" (known: {', '.join(known) or 'none'}){hint}"


def _inside(error: Exception, file: str) -> int | None:
    """The innermost line of `file` that the exception passed through."""
    if isinstance(error, SyntaxError) and error.filename and _same(error.filename, file):
        return error.lineno
    frames = traceback.extract_tb(error.__traceback__)
    return next((frame.lineno for frame in reversed(frames) if _same(frame.filename, file)), None)


def _same(one: str, other: str) -> bool:
    return Path(one).resolve() == Path(other).resolve()


def _inside_numpy(error: Exception) -> bool:
    frames = traceback.extract_tb(error.__traceback__)
    return any(part in Path(frames[-1].filename).parts for part in ("numpy", "scipy"))


def _first_sentence(text: str) -> str:
    return text.split(". ")[0].rstrip(".")

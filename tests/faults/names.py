"""Names and paths in a config that a table, a disk or Snakemake cannot hold."""

from tests.faults.case import Case
from tests.faults.configs import planned

SECTIONS = {
    "targets": {},
    "flows": {"family": "planar", "layers": 2},
    "images": {"dataset": "digits"},
    "vaes": {},
}
LOST = ("NA", "na", "Na", "null", "NULL", "nan", "NaN", "NAN", "None", "none", "nil", "inf", "Inf",
        "Infinity", "true", "True", "FALSE")  # fmt: skip
MALFORMED = {
    "empty": "", "N/A": "N/A", "n/a": "n/a", "<NA>": "<NA>", "#N/A": "#N/A", "-nan": "-nan",
    "trailing newline": "mine\n", "leading newline": "\nmine", "newline inside": "mi\nne",
    "trailing space": "mine ", "leading space": " mine", "only a space": " ", "tab": "mine\t",
    "carriage return": "mine\r", "a slash": "mi/ne", "trailing slash": "mine/", "the root": "/",
    "backslash": "mi\\ne", "dots": "..", "one dot": ".", "hidden": ".mine", "a dot inside": "mi.ne",
    "leading dash": "-mine", "an option": "--all", "a dash inside": "mi-ne", "braces": "{x}",
    "a wildcard": "mine{flow}", "a star": "mine*", "a question mark": "mine?", "quoted": "'mine'",
    "double-quoted": '"mine"', "a comma": "mi,ne", "a digit first": "1mine", "a number": "12",
    "an underscore first": "_mine", "Cyrillic a": "b\u0430nana", "full width": "\uff4eice", 
    "an accent": "m\u00eene",
    "combining accent": "mine\u0301", "zero-width space": "mi\u200bne", 
    "no-break space": "mi\u00a0ne",
    "right to left": "\u202emine", "emoji": "mine🙂", "NUL": "mi\0ne", "dollar": "$HOME",
    "backtick": "`id`", "a command": "$(id)", "a semicolon": "a;b", 
    "a tilde": "~mine", "a colon": "a:b",
    "percent": "%s", "markup": "<b>mine", "an equation": "=1+1", "an at": "@mine",
}  # fmt: skip
LONG = {"61 characters": "a" * 61, "300 characters": "a" * 300, "100,000 characters": "a" * 100_000}
RULES = (
    "prepare_data",
    "run_hmc",
    "train_flow",
    "train_vae",
    "make_report",
    "plot_elbo",
    "Train_Flow",
)
RESULTS = ("report", "figures", "vae", "theory", "logs", "check", "compare", "downloads", "bench",
           "Report", "VAE")  # fmt: skip
PATHS = {
    "braces": "a{x}b", "an empty pair": "a{}b", "one brace": "a{b",
    "newline": "a\nb", "NUL": "a\0b", "escape": "a\x1bb",
    "home": "~/mine", "another's home": "~root", "leading dash": "-mine",
    "a variable": "$HOME/mine", "a backslash": "C:\\mine", "S3": "s3://bucket/mine",
    "HTTP": "https://example.org/mine", "trailing space": "mine ", "leading space": " mine",
    "trailing newline": "mine\n", "a space alone": " ", "5,000 characters": "a" * 5000,
    "a part of 300": "a/" + "b" * 300, "zero-width": "mi\u200bne", "right to left": "\u202emine",
}  # fmt: skip
OUTPUTS = {
    "the root": "/", "here": ".", "above": "..", "empty": "", "the scripts": "scripts",
    "the workflow": "workflow", "the config": "config", "a file": "README.md",
    "inside a file": "README.md/x", "a list": ["a"], "a number": 3, "null": None, "a mapping": {},
}  # fmt: skip


def entry(section: str, *names: str) -> dict:
    """A config with entries of these names in a section."""
    return {section: {name: dict(SECTIONS[section]) for name in names}}


def _named(section: str, name: str):
    shown = name[:20].strip() or section
    return planned(entry(section, name), section, *([shown] if shown.isalnum() else []))


def _cases():
    for section in SECTIONS:
        for name in LOST:
            yield f"{section}: {name}", _named(section, name)
        for what, name in (MALFORMED | LONG).items():
            yield f"{section}: {what}", _named(section, name)
        yield f"{section}: capitals", planned(entry(section, "mine", "Mine"), f"{section}.Mine")
    for name in (*RULES, *RESULTS):
        yield f"a target: {name}", planned(entry("targets", name), f"targets.{name}")
    for name in ("truth", "hmc", "Truth"):
        yield f"a flow: {name}", planned(entry("flows", name), f"flows.{name}")
    for what, path in PATHS.items():
        yield f"output: {what}", planned({"output": path}, "output: ")
        for key in ("data", "reference"):
            overlay = {"targets": {"mine": {"family": "funnel", key: path}}}
            yield f"{key}: {what}", planned(overlay, f"targets.mine.{key}: ")
        yield f"file: {what}", planned({"targets": {"mine": {"file": path}}}, "targets.mine.file: ")
    for what, path in OUTPUTS.items():
        yield f"output: {what}", planned({"output": path}, "output")
    own = {"nice": {"target": "banana", "file": "README.md"}}
    yield "an approximation like a flow", planned({"approximations": own}, "approximations.nice")


CASES = [Case(name, "names and paths", run) for name, run in _cases()]

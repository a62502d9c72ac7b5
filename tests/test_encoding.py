"""Text files are UTF-8, whatever the locale: no call leaves that to it."""

import ast

from tests.repository import ROOT

FOLDERS = ("scripts", "workflow", "examples")
READERS = ("read_text", "write_text", "open")


def test_no_text_is_read_or_written_in_the_locales_encoding():
    careless = []
    paths = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    assert len(paths) > 50
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _names_a_reader(node) and not _says_how(node):
                careless.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert careless == []


def _names_a_reader(call: ast.Call) -> bool:
    if isinstance(call.func, ast.Name):
        return call.func.id == "open"
    if not isinstance(call.func, ast.Attribute):
        return False
    # os.open, gzip.open and their like are of bytes.
    module = call.func.value.id if isinstance(call.func.value, ast.Name) else ""
    return call.func.attr in READERS and module not in ("os", "gzip", "webbrowser", "Image")


def _says_how(call: ast.Call) -> bool:
    modes = [arg.value for arg in call.args if isinstance(arg, ast.Constant)]
    binary = any(isinstance(mode, str) and "b" in mode and len(mode) <= 3 for mode in modes)
    return binary or any(keyword.arg == "encoding" for keyword in call.keywords)

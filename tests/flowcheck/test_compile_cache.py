"""Where compiled code is kept: a private folder, or none that outlives the process."""

import os
import tempfile

import pytest

from flowcheck import compile_cache, compiling


@pytest.fixture
def home(monkeypatch, tmp_path):
    """A home of its own, and the environment as a shell has it."""
    for name in (compile_cache.VARIABLE, "XDG_CACHE_HOME", "CXX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def prepared():
    said = []
    return compile_cache.prepare(said.append), said


def test_the_cache_is_a_private_folder_in_the_users_own(home, monkeypatch):
    folder, said = prepared()
    assert folder == home / ".cache" / "flowcheck" / "compiled"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert os.environ[compile_cache.VARIABLE] == str(folder)
    monkeypatch.delenv(compile_cache.VARIABLE)
    folder.chmod(0o777)
    assert prepared() == (folder, said)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert said == []


def test_the_users_word_counts(home, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "x"))
    assert prepared()[0] == home / "x" / "flowcheck" / "compiled"
    # What PyTorch itself sets, where nobody has.
    own = os.path.join(tempfile.gettempdir(), "torchinductor_me")
    monkeypatch.setenv(compile_cache.VARIABLE, own)
    assert prepared()[0] == home / "x" / "flowcheck" / "compiled"
    monkeypatch.setenv(compile_cache.VARIABLE, str(home / "given"))
    assert prepared() == (home / "given", [])
    monkeypatch.delenv(compile_cache.VARIABLE)
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert prepared()[0] == home / ".cache" / "flowcheck" / "compiled"


def test_a_cache_that_cannot_be_used_falls_back_to_one_of_this_process(home, monkeypatch):
    (home / ".cache").write_text("a file", encoding="utf-8")
    folder, said = prepared()
    assert folder.is_dir()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert home not in folder.parents or folder.name.startswith("flowcheck-compiled-")
    assert "cannot be written to" in said[0]
    monkeypatch.setenv(compile_cache.VARIABLE, "/proc/no/such")
    folder, said = prepared()
    assert folder.is_dir()
    assert "/proc/no/such" in said[0]


def test_another_users_folder_is_not_trusted(home, monkeypatch):
    folder = home / ".cache" / "flowcheck" / "compiled"
    folder.mkdir(parents=True)
    monkeypatch.setattr(os, "getuid", lambda: folder.stat().st_uid + 1)
    assert "another user" in compile_cache.unusable(folder, private=True)
    assert compile_cache.unusable(folder, private=False) is None


def test_a_link_is_not_trusted(home):
    folder = home / ".cache" / "flowcheck" / "compiled"
    folder.parent.mkdir(parents=True)
    folder.symlink_to(home)
    assert "a link" in compile_cache.unusable(folder, private=True)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (None, "g++"),
        ("", "g++"),
        ("here", "here"),
        ("ccache here", "here"),
        ("/usr/bin/ccache here -O2", "here"),
        ("here -std=c++20", "here"),
        ("env A=1 here", "here"),
        ("ccache", "g++"),
        ("nowhere", None),
        ("ccache nowhere", None),
        ("'here", None),
    ],
)
def test_the_compiler_is_found_whatever_stands_around_it(home, monkeypatch, value, found):
    monkeypatch.setattr("shutil.which", lambda name: name if name in ("here", "g++") else None)
    if value is not None:
        monkeypatch.setenv("CXX", value)
    assert compiling.compiler() == found

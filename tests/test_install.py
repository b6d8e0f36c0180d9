import importlib.util
import io
import sys
from pathlib import Path

import pytest

FILE = Path(__file__).parents[1] / "tools" / "install.py"


@pytest.fixture(scope="module")
def install():
    spec = importlib.util.spec_from_file_location("install", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_uv_is_told_where_pip_looks_and_the_environment_wins_over_files(install):
    found = install.settings(
        ":env:.find-links='/wheels /more'\n"
        "global.extra-index-url='https://one.example/simple\\nhttps://two.example/simple'\n"
        "global.find-links='/old'\n"
        "global.timeout='9'\n"
        "install.constraint='c.txt'\n"
        "download.no-index='1'\n"
    )
    flags = install.as_flags(found)
    pairs = list(zip(flags[::2], flags[1::2], strict=True))
    assert pairs == [
        ("--extra-index-url", "https://one.example/simple"),
        ("--extra-index-url", "https://two.example/simple"),
        ("--find-links", "/wheels"),
        ("--find-links", "/more"),
        ("--constraint", "c.txt"),
        ("--index-strategy", "unsafe-best-match"),
    ]


@pytest.mark.parametrize(("value", "told"), [("true", True), ("1", True), ("0", False), ("false", False)])
def test_no_index_is_passed_on_when_it_is_on(install, value, told):
    assert ("--no-index" in install.as_flags(install.settings(f"global.no-index='{value}'"))) == told


def run(install, monkeypatch, tmp_path, *, uv, statuses):
    """What `main` calls where uv is there or not, and the status it ends with."""
    monkeypatch.setattr(install.sys, "executable", str(tmp_path / "python"))
    if uv:
        (tmp_path / "uv").touch()
    calls = []

    class Done:
        stdout = "global.find-links='/wheels'\n"

        def __init__(self, status):
            self.returncode = status

    def call(command, **_):
        calls.append(Path(command[0]).name + " " + " ".join(map(str, command[1:])))
        return Done(next(iter(s for word, s in statuses.items() if calls[-1].startswith(word)), 0))

    monkeypatch.setattr(install.subprocess, "run", call)
    monkeypatch.setattr(install, "watched", lambda command, _: call(command).returncode)
    return install.main(["-e", "."]), calls


def test_uv_installs_where_pip_can_fetch_it(install, monkeypatch, tmp_path):
    status, calls = run(install, monkeypatch, tmp_path, uv=True, statuses={})
    assert status == 0
    assert calls[-1].startswith("uv pip install")
    assert "--find-links /wheels" in calls[-1]
    assert calls[-1].endswith("-e .")


def test_pip_installs_where_it_cannot(install, monkeypatch, tmp_path):
    status, calls = run(install, monkeypatch, tmp_path, uv=False, statuses={})
    assert status == 0
    assert calls[-1].startswith("python -m pip install")
    assert calls[-1].endswith("-e .")


def test_pip_has_the_last_word_when_uv_fails(install, monkeypatch, tmp_path):
    wrong = {"uv": 2, "python -m pip install --quiet --disable-pip-version-check -e": 1}
    status, calls = run(install, monkeypatch, tmp_path, uv=True, statuses=wrong)
    assert status == 1
    assert calls[-1].startswith("python -m pip install")


SAID = (
    "Resolved 158 packages in 5.10s\nDownloading scipy (33.7MiB)\n Downloaded scipy\n"
    "Installed 1 package\n + scipy\n"
)


def as_uv(status):
    """A command that says what uv does and ends with a status."""
    return [sys.executable, "-c", f"import sys; sys.stderr.write({SAID!r}); sys.exit({status})"]


def test_what_is_fetched_is_shown_and_the_list_of_packages_is_not(install, capfd):
    assert install.watched(as_uv(0), None) == 0
    told = ["Resolved 158 packages in 5.10s", "Downloading scipy (33.7MiB)", "Installed 1 package"]
    assert capfd.readouterr().err.splitlines() == told


def test_all_that_uv_said_is_shown_where_it_fails(install, capfd):
    assert install.watched(as_uv(2), None) == 2
    assert capfd.readouterr().err.endswith(SAID)


def test_a_terminal_shows_one_line_in_place_of_the_last(install):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    install.show("Downloading scipy (33.7MiB)", terminal)
    assert terminal.getvalue() == "\r\x1b[KDownloading scipy (33.7MiB)"

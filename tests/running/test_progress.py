import io

from sharpfit.running import progress
from sharpfit.running.progress import Progress

ROW = {"lr": 0.01, "chi2": 1.5, "held_out": 1.75}


class Terminal(io.StringIO):
    def isatty(self):
        return True


def show(terminal, monkeypatch):
    monkeypatch.setattr(progress, "BAR_AFTER_SECONDS", 0)
    with Progress(3, "brain", terminal) as shown:
        for t in range(4):
            shown({**ROW, "iteration": t})
    return terminal.getvalue()


def test_a_terminal_shows_a_bar_that_leaves_nothing_behind(monkeypatch, capsys):
    text = show(Terminal(), monkeypatch)
    assert "brain" in text
    assert text.endswith("\r")
    *lines, speed = capsys.readouterr().out.splitlines()
    assert lines == [
        "iteration 0/3  chi2 1.5  held-out 1.75  lr 0.01",
        "iteration 3/3  chi2 1.5  held-out 1.75  lr 0.01",
    ]
    assert speed.endswith(" seconds per iteration")


def test_what_is_no_terminal_stays_quiet(monkeypatch):
    assert show(io.StringIO(), monkeypatch) == ""

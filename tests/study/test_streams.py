"""What is printed, on streams of another encoding than the text's."""

import sys
from io import BytesIO, StringIO, TextIOWrapper

from sharpfit.study.streams import print_utf8, print_whatever_the_locale, say


def ascii_streams(monkeypatch):
    """Put standard output and error as a bare locale has them."""
    streams = [TextIOWrapper(BytesIO(), encoding="ascii", errors="strict") for _ in range(2)]
    monkeypatch.setattr(sys, "stdout", streams[0])
    monkeypatch.setattr(sys, "stderr", streams[1])
    return streams


def written(streams):
    return [stream.buffer.getvalue() for stream in streams]


def test_a_locale_without_the_letters_gets_question_marks_on_both_streams(monkeypatch):
    streams = ascii_streams(monkeypatch)
    print_whatever_the_locale()
    say("5 σ")
    say("χ²", err=True, end="")
    assert written(streams) == [b"5 ?\n", b"??"]


def test_a_log_is_utf_8_on_both_streams(monkeypatch):
    streams = ascii_streams(monkeypatch)
    print_utf8()
    say("5 σ", end="")
    say("χ²", err=True)
    assert written(streams) == ["5 σ".encode(), "χ²\n".encode()]


def test_streams_that_have_no_encoding_are_left_alone(monkeypatch):
    """As a notebook's; text still reaches them, without what moves a cursor."""
    out, err = StringIO(), StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    print_whatever_the_locale()
    print_utf8()
    say("a\x1b[2Jb")
    say("c", err=True)
    assert (out.getvalue(), err.getvalue()) == ("a\\x1b[2Jb\n", "c\n")

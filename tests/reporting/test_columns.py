"""Tables of a comparison fit into the terminal that shows them, and lose nothing there."""

from types import SimpleNamespace

import pytest

from sharpfit.comparing.outcome import Outcome, Side, as_text
from sharpfit.comparing.pairs import BETTER, Pair
from sharpfit.reporting.columns import fitted

ROWS = [
    ("scan", "regime", "picked image", "by", "verdict"),
    (
        "volunteer_of_the_second_visit_at_seven_tesla",
        "warmup_cosine_with_restarts",
        "no real difference",
        "J 580.5 → 437.2 (± 0.4; margin: 2 standard errors of the difference)",
        "under-fitted → contrast restored",
    ),
    ("p", "cg", "missing", "", ""),
]


@pytest.mark.parametrize("width", [70, 80, 100, 129])
def test_no_line_is_wider_than_the_terminal_and_no_word_is_lost(width: int):
    lines = fitted(ROWS, width)
    assert max(map(len, lines)) <= width
    text = "".join(lines).replace(" ", "")
    assert sorted(text) == sorted("".join("".join(row) for row in ROWS).replace(" ", ""))


@pytest.mark.parametrize("number", ["580.5", "437.2", "0.4;", "under-fitted"])
def test_numbers_and_short_words_stay_whole(number: str):
    assert any(number in line.split() for line in fitted(ROWS, 80))


def test_without_a_terminal_every_row_is_one_line():
    lines = fitted(ROWS, None)
    assert len(lines) == len(ROWS)
    assert all(cell in line for row, line in zip(ROWS, lines, strict=True) for cell in row)


@pytest.mark.parametrize(
    ("notes", "told"), [(("tolerance 1%",) * 2, 1), (("tolerance 1%", "tolerance 4%"), 2)]
)
def test_a_note_that_all_rows_share_is_said_once(notes, told):
    pairs = [Pair("p", "cg", "B", BETTER, "J", 2.0, 1.0, 0.1, note) for note in notes]
    a, b = (SimpleNamespace(name=name, letter=name) for name in "AB")
    text = as_text(Outcome(a, [Side(b, [], pairs)]))
    assert text.count("tolerance") == told
    assert ("± is the tolerance 1%" in text) == (told == 1)


def test_a_note_of_each_measure_is_said_below_and_not_in_every_row():
    pairs = [
        Pair("p", regime, "B", BETTER, measure, 2.0, 1.0, 0.1, note)
        for regime in ("cg", "tv")
        for measure, note in (("J", "margin: 2 standard errors"), ("held-out", "tolerance 4%"))
    ]
    a, b = (SimpleNamespace(name=name, letter=name) for name in "AB")
    lines = as_text(Outcome(a, [Side(b, [], pairs)])).splitlines()
    assert lines[-2:] == ["  ± of J is the margin: 2 standard errors", "  ± of held-out is the tolerance 4%"]
    assert sum("tolerance" in line for line in lines) == 1


def test_columns_stand_two_blanks_apart_and_two_from_the_margin():
    rows = [("a", "long", ""), ("bcd", "x", "y")]
    assert fitted(rows) == ["  a    long", "  bcd  x     y"]


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (36, ["  aaaa aaaa aaaa aaaa  bbbb bbbb bbb"]),
        (35, ["  aaaa aaaa aaaa      bbbb bbbb bbb", "  aaaa"]),
        (25, ["  aaaa aaaa     bbbb bbbb", "  aaaa aaaa     bbb"]),
    ],
)
def test_the_widest_column_gives_way_until_all_fit_but_none_below_twelve(width, lines):
    assert fitted([("aaaa aaaa aaaa aaaa", "bbbb bbbb bbb")], width) == lines


def test_a_name_longer_than_its_column_goes_on_in_the_next_line():
    assert fitted([("x" * 20, "y")], 10) == ["  " + "x" * 12 + "  y", "  " + "x" * 8]

"""What a verdict's numbers are in words."""

import numpy as np
import pytest
from made_evaluations import made_evaluation

from sharpfit.judging.confidence import ErrorRatio
from sharpfit.judging.weight_choice import ChosenWeight
from sharpfit.reporting import sentences
from sharpfit.reporting.sentences import of_fit, of_scan

JUDGED = ChosenWeight(0.387, 0.3, 0.5, 18)


def told(word, **changes):
    """The lines on one fit that hold the word."""
    return [line for line in of_fit(made_evaluation(**changes)).splitlines() if word in line]


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        ((1.5, 1.4, 1.6), "1.5 times (1.4 to 1.6 by all estimates)"),
        ((1.23456, 0.98765, 1.56789), "1.23 times (0.988 to 1.57 by all estimates)"),
        ((0.8, 0.75, 0.85), "0.8 times (0.75 to 0.85 by all estimates)"),
        ((1.0, 0.996, 1.004), "within 0.5 % of"),
        ((1.004, 1.003, 1.0049), "within 0.5 % of"),
        ((1.0, 1.0, 1.006), "1 times (1 to 1.01 by all estimates)"),
        ((1.0, 0.994, 1.0), "1 times (0.994 to 1 by all estimates)"),
        ((1.006, 1.0, 1.0), "1.01 times (1 to 1 by all estimates)"),
    ],
)
def test_the_error_at_the_end_is_told_as_a_ratio_or_as_the_same(ratio, words):
    """The same only where the whole interval is."""
    assert told("error at the end", end_over_picked=ErrorRatio(*ratio)) == [
        f"  error at the end {words} that at the pick"
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"end_over_picked": ErrorRatio(np.nan, np.nan, np.nan)},
        {"end_over_picked": ErrorRatio(np.inf, 1.0, np.inf)},
        {"weight": JUDGED},
        {"picked": {"iteration": 60}},
    ],
)
def test_the_error_at_the_end_is_not_told_where_it_is_unknown_or_no_end(changes):
    assert told("error at the end", **changes) == []


@pytest.mark.parametrize(("confidence", "percent"), [(0.9, 90), (0.876, 88), (1.0, 100), (0.0, 0)])
def test_the_confidence_is_told_in_percent(confidence, percent):
    assert told("sure", confidence=confidence) == [f"  {percent} % sure"]


@pytest.mark.parametrize(("seen", "leaves_out"), [(0.95, False), (0.893, True), (np.nan, False)])
def test_where_j_leaves_many_modes_out_it_says_so_in_place_of_its_error(seen, leaves_out):
    told = of_fit(made_evaluation(picked={"risk": 8.0}, picked_risk_error=0.5, seen_share=seen))
    assert ("J leaves out 11 % of the object's modes, which the data hardly determine" in told) == leaves_out
    assert ("8 ± 0.5" in told) != leaves_out


def test_a_verdict_that_cannot_tell_has_no_confidence():
    assert told("sure", confidence=np.nan) == []


def test_the_lines_of_a_fit_stand_in_order_and_empty_ones_are_left_out():
    full = made_evaluation(cause="noise", advice="stop", stopped_because="risk rose")
    assert of_fit(full).splitlines()[:8] == [
        "head/constant: sharper (noise)",
        "  it grew",
        "  stop at iteration 15 of 60",
        "  90 % sure",
        "  error at the end 1.5 times (1.4 to 1.6 by all estimates) that at the pick",
        "  advice: stop",
        "  stopped early: risk rose",
        "  noise level: agrees",
    ]
    lines = of_fit(made_evaluation(confidence=np.nan, weight=JUDGED)).splitlines()
    assert lines[0] == "head/constant: sharper"
    assert lines[3:5] == ["  noise level: agrees", ""]


def test_the_table_holds_what_is_known_at_the_pick_and_at_the_end_in_the_order_shown():
    picked = {name: i + 1.23456 for i, name in enumerate(sentences.SHOWN) if name != "ssim"}
    last = {"ssim": 0.98765, "chi2": 12345.6}
    rows = of_fit(made_evaluation(picked=picked, last=last)).split("\n\n")[1].splitlines()
    assert rows[0].split() == ["picked", "last"]
    assert [row.split()[0] for row in rows[1:]] == list(sentences.SHOWN)
    cells = {row.split()[0]: row.split()[1:3] for row in rows[1:]}
    assert cells["chi2"] == ["1.235", "1.235e+04"]
    assert cells["ssim"] == ["–", "0.9877"]
    assert cells["nrmse"] == [f"{picked['nrmse']:.4g}", "–"]
    fwhm = next(row for row in rows if row.lstrip().startswith("fwhm_y"))
    assert sentences.unit("fwhm_y") in fwhm
    assert fwhm.endswith(sentences.meaning("fwhm_y"))
    assert len({row.index(sentences.meaning(name)) for name, row in zip(cells, rows[1:], strict=True)}) == 1


def test_a_scan_is_an_answer_and_a_line_for_each_regime_best_first():
    worse = made_evaluation("worse", picked={"risk": 3.0}, cause="noise")
    better = made_evaluation("better", picked={"risk": 2.0}, weight=JUDGED)
    lines = of_scan([worse, better]).splitlines()
    assert lines[0].startswith("head: Best is better")
    assert lines[1] == ""
    assert [line.split() for line in lines[2:]] == [
        ["regime", "verdict", "stop", "at", "cause"],
        ["better", "sharper", "0.387", "σ"],
        ["worse", "sharper", "15/60", "noise"],
    ]

"""The table and the sentence per scan."""

import csv
import json

import pytest
from made_study import make_study

from sharpfit.errors import InputError
from sharpfit.reporting import ranking


@pytest.fixture
def evaluations(tmp_path):
    root = make_study(tmp_path, size=16)
    return ranking.read_evaluations(sorted(root.glob("results/evaluate/*/*/evaluation.json"))[::-1])


def test_the_csv_has_one_row_per_scan_and_regime_and_blanks_without_reference(tmp_path, evaluations):
    file = tmp_path / "summary.csv"
    ranking.write_csv(file, evaluations)
    rows = list(csv.DictReader(file.read_text().splitlines()))
    assert file.read_text().splitlines()[0] == ",".join(ranking.COLUMNS)
    assert [(row["scan"], row["regime"]) for row in rows] == [(e["scan"], e["regime"]) for e in evaluations]
    nrmse = {(row["scan"], row["regime"]): row["nrmse_picked"] for row in rows}
    assert nrmse["head_r4", "warmup"] == ""
    assert float(nrmse["phantom_r2", "warmup"]) == pytest.approx(0.2)


def test_the_json_nests_scan_regime_and_holds_no_nan(tmp_path, evaluations):
    file = tmp_path / "summary.json"
    ranking.write_json(file, evaluations)
    nested = json.loads(file.read_text(), parse_constant=pytest.fail)
    assert nested["phantom_r2"]["gradient_descent"]["stop_at"] == 15
    assert "nrmse" not in nested["head_r4"]["warmup"]


def test_the_answer_names_the_best_regime_where_to_stop_and_whether_the_drop_is_real(evaluations):
    answers = {scan: ranking.answer(members) for scan, members in ranking.by_scan(evaluations).items()}
    assert answers["phantom_r2"] == (
        "Best is gradient_descent: stop at iteration 15 of 60 (NRMSE 0.1, 0.2 at the end). "
        "The loss that falls after that is not real: it fits noise. "
        "Next: warmup at iteration 15, with 1.41 × the estimated error."
    )


def test_warm_up_is_compared_with_the_same_regime_without_it():
    adam, linear = {"name": "Adam", "lr": 0.01}, {"name": "LinearLR", "start_factor": 0.02, "total_iters": 50}

    def fit(name, risk, iteration, schedule):
        return {
            "scan": "head",
            "regime": name,
            "optimizer": adam,
            "schedule": schedule,
            "start": "zero",
            "verdict": "sharper",
            "picked_iteration": iteration,
            "last_iteration": 200,
            "picked": {"risk": risk, "nrmse": None},
        }

    plain, warm = fit("constant", 1.0, 100, []), fit("warmup", 1.44, 120, [linear])
    told = ranking.answer([plain, warm])
    assert "Warm-up (warmup against constant) hurt: 1.2 × the estimated error" in told
    assert "best image at iteration 120 instead of 100" in told
    warm["picked"]["risk"] = 1.01
    assert "made no difference beyond the uncertainty" in ranking.answer([plain, warm])
    assert "Warm-up" not in ranking.answer([plain])


def test_two_risks_are_as_good_only_within_the_judges_uncertainty():
    def fit(risk, error=None):
        return {"picked": {"risk": risk, "risk_se": error}}

    assert ranking.as_good(fit(1.0, 0.1), fit(1.28, 0.1))
    assert not ranking.as_good(fit(1.0, 0.1), fit(1.29, 0.1))
    assert ranking.as_good(fit(1.0), fit(1.03))
    assert not ranking.as_good(fit(1.0), fit(1.05))
    assert not ranking.as_good(fit(1.0), fit(None))
    noisy = [{"picked": {"risk": 1 + r}, "risk_noise": [r, -r, r, -r]} for r in (0.0, 0.1)]
    assert ranking.as_good(*noisy)
    noisy[1]["picked"]["risk"] = 1.21
    assert not ranking.as_good(*noisy)


def test_draws_that_do_not_match_count_as_no_uncertainty():
    def fit(draws):
        return {"picked": {"risk": 1.0}, "risk_noise": draws}

    assert ranking.risk_margin(fit([0.1, -0.1]), fit([0.3, 0.1])) == pytest.approx(0.4)
    assert ranking.risk_margin(fit([0.1]), fit([0.3, 0.1])) is None
    assert ranking.risk_margin(fit([0.1]), fit([None])) is None
    assert ranking.risk_margin(fit([]), fit([])) is None


def test_a_fit_without_risk_ranks_last_and_a_new_verdict_is_still_said(evaluations):
    odd = {**evaluations[0], "verdict": "something new", "picked": {"risk": None}}
    assert ranking.rank([odd, evaluations[1]])[-1] is odd
    assert "something new" in ranking.answer([odd])


def test_an_unreadable_evaluation_is_named(tmp_path):
    file = tmp_path / "evaluation.json"
    file.write_text("{")
    with pytest.raises(InputError, match=r"evaluation\.json"):
        ranking.read_evaluations([file])

"""What the judge found survives its way through evaluation.json."""

import json
import os
from dataclasses import astuple, replace

import numpy as np
import pytest
from made_evaluations import made_evaluation
from made_records import made_record

from sharpfit.comparing.numbers import read_summary
from sharpfit.errors import InputError
from sharpfit.judging.confidence import ErrorRatio
from sharpfit.judging.evaluate import AtBound, NoiseLevel, evaluate
from sharpfit.judging.weight_choice import ChosenWeight
from sharpfit.measuring.quality import Reference
from sharpfit.measuring.table import FIGURES, QUALITIES, units
from sharpfit.results.evaluation import RegimeSettings, as_evaluation
from sharpfit.results.evaluation_file import read_evaluation, write_evaluation
from sharpfit.results.hdf5 import opened

SETTINGS = {"optimizer": {"name": "Adam", "lr": 0.01}, "start": "zero", "n_iterations": 9}


def judged():
    record = made_record(sigma=0.3, conditioning=1e-3, n_slices=2)
    image = np.ones((2, 16, 16), np.complex64)
    level = NoiseLevel(0.3, 0.36, 0.01, "corrected: the residual says so")
    fit = evaluate(record, lambda t: image * record.iterations[t], Reference(image, image != 0), level)
    return as_evaluation(fit, "head", "constant", SETTINGS)


def test_every_field_comes_back(tmp_path):
    wrote = judged()
    write_evaluation(tmp_path / "evaluation.json", wrote)
    read = read_evaluation(tmp_path / "evaluation.json")
    words = ("scan", "regime", "settings", "verdict", "cause", "evidence", "advice", "stopped_because")
    numbers = ("worst_slice", "go_on", "confidence", "end_over_picked", "picked_risk_error")
    for name in (*words, *numbers, "weight", "weights", "risk_error"):
        assert getattr(read, name) == getattr(wrote, name)
    np.testing.assert_array_equal(read.nrmse, wrote.nrmse)
    assert read.noise == wrote.noise
    assert isinstance(read.noise.upper, AtBound)
    assert read.risk_noise == wrote.risk_noise
    for end in ("picked", "last", "picked_quality", "last_quality"):
        np.testing.assert_array_equal(astuple(getattr(read, end)), astuple(getattr(wrote, end)))
    for name in FIGURES:
        np.testing.assert_array_equal(getattr(read.trajectory, name), getattr(wrote.trajectory, name))


def test_the_file_names_a_unit_for_everything_it_holds(tmp_path):
    write_evaluation(tmp_path / "evaluation.json", judged())
    content = json.loads((tmp_path / "evaluation.json").read_text(), parse_constant=pytest.fail)
    assert set(content["picked"]) == set(content["last"]) == {*FIGURES, *QUALITIES} == set(units())
    assert set(content["units"]) == {*units(), "risk_noise", "picked_risk_error"}
    assert set(content["trajectory"]) == {*FIGURES, "nrmse"}


def test_what_is_not_known_is_null_in_the_file_and_nan_when_read(tmp_path):
    one = replace(made_evaluation(picked={"chi2": 2.0}), risk_noise=(0.1, np.nan))
    write_evaluation(tmp_path / "e.json", one)
    assert json.loads((tmp_path / "e.json").read_text())["picked"]["risk"] is None
    read = read_evaluation(tmp_path / "e.json")
    assert read.picked.chi2 == 2.0
    assert np.isnan([read.picked.risk, read.picked_quality.nrmse, read.risk_noise[1]]).all()


@pytest.mark.parametrize("text", ["{", "[]", '{"scan": "a"}', "3", "[" * 100_000])
def test_what_is_no_evaluation_is_named(tmp_path, text):
    file = tmp_path / "evaluation.json"
    file.write_text(text)
    with pytest.raises(InputError, match=r"evaluation\.json"):
        read_evaluation(file)
    with pytest.raises(InputError, match="no-file"):
        read_evaluation(tmp_path / "no-file.json")


def test_an_evaluation_of_an_earlier_version_promises_no_iterations(tmp_path):
    write_evaluation(tmp_path / "evaluation.json", judged())
    content = json.loads((tmp_path / "evaluation.json").read_text())
    del content["go_on"]
    (tmp_path / "evaluation.json").write_text(json.dumps(content))
    assert read_evaluation(tmp_path / "evaluation.json").go_on == 0


def test_a_pipe_in_its_place_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match=r"no evaluation can be read \(is no regular file\)"):
        read_evaluation(tmp_path / "pipe")
    with pytest.raises(InputError, match="no such file"), opened(tmp_path / "pipe"):
        pass
    with pytest.raises(InputError, match=r"no summary can be read \(is no regular file\)"):
        read_summary(tmp_path / "pipe")


def test_a_terabyte_in_its_place_is_not_read(tmp_path):
    (tmp_path / "evaluation.json").touch()
    os.truncate(tmp_path / "evaluation.json", 1 << 40)
    with pytest.raises(InputError, match="more than can be meant"):
        read_evaluation(tmp_path / "evaluation.json")


def test_a_chosen_weight_comes_back_with_the_path_and_takes_the_iterations_place(tmp_path):
    choice = ChosenWeight(0.5, 0.4, 0.6, 3)
    wrote = replace(judged(), weight=choice, weights=(np.nan, 1.0, 0.5, 0.2))
    write_evaluation(tmp_path / "evaluation.json", wrote)
    read = read_evaluation(tmp_path / "evaluation.json")
    assert read.weight == choice
    np.testing.assert_array_equal(read.weights, wrote.weights)
    assert read.where_to_stop == "take weight 0.5 σ (0.4 to 0.6 σ as good)"
    assert judged().where_to_stop.startswith("stop at iteration")


def test_every_number_stands_under_its_own_name(tmp_path):
    """Of a fit made up, so that no two of them are alike."""
    picked = {name: n + 0.5 for n, name in enumerate((*FIGURES, *QUALITIES)) if name != "iteration"}
    along = {name: [n + 0.25, n + 0.75] for n, name in enumerate((*FIGURES, "nrmse"))}
    bounds = AtBound("noisy", 3), AtBound("sharper", 9)
    one = made_evaluation(
        picked=picked,
        last={"iteration": 80},
        along=along,
        go_on=70,
        confidence=0.625,
        end_over_picked=ErrorRatio(1.5, 1.25, 1.75),
        worst_slice=4,
        noise=NoiseLevel(0.5, 0.4, 0.01, "corrected", *bounds),
        risk_noise=(0.1, 0.2),
        picked_risk_error=0.3,
        weights=(np.nan, 0.5),
        risk_error=(0.7, 0.0),
    )
    write_evaluation(tmp_path / "e.json", one)
    content = json.loads((tmp_path / "e.json").read_text())
    assert content["picked"] == {**picked, "iteration": 15}
    assert content["picked_iteration"] == 15
    assert content["last_iteration"] == content["last"]["iteration"] == 80
    assert {name: content["trajectory"][name] for name in along} == along
    assert content["trajectory"]["weight"] == [None, 0.5]
    assert content["trajectory"]["risk_error"] == [0.7, 0.0]
    assert content["units"]["weight"] == "σ"
    assert (content["go_on"], content["confidence"], content["worst_slice"]) == (70, 0.625, 4)
    assert content["end_over_picked"] == {"value": 1.5, "lower": 1.25, "upper": 1.75}
    assert content["noise"]["sigma"] == 0.5
    assert content["noise"]["given"] == 0.4
    assert content["noise"]["relative_uncertainty"] == 0.01
    assert set(content["noise"]["at_bounds"]) == {"lower", "upper"}
    read = read_evaluation(tmp_path / "e.json")
    assert read.noise == one.noise
    assert (read.risk_noise, read.picked_risk_error, read.risk_error) == ((0.1, 0.2), 0.3, (0.7, 0.0))
    assert read.end_over_picked == one.end_over_picked


@pytest.mark.parametrize(
    ("weights", "names"),
    [((), ["iteration 4", "iteration 9"]), ((np.nan, 0.3874), ["start", "weight 0.387 σ"])],
)
def test_a_checkpoint_is_named_by_its_iteration_or_its_weight(weights, names):
    one = made_evaluation(along={"iteration": [4.0, 9.0]}, weights=weights)
    assert [one.at(0), one.at(1)] == names


def test_what_an_earlier_version_did_not_write_is_not_known(tmp_path):
    write_evaluation(tmp_path / "e.json", made_evaluation(along={"iteration": [1.0, 2.0]}))
    content = json.loads((tmp_path / "e.json").read_text())
    for name in ("confidence", "end_over_picked", "noise", "risk_noise", "picked_risk_error"):
        del content[name]
    for name in ("nrmse", "fwhm_y"):
        del content["trajectory"][name]
    del content["picked"]["iteration"]
    (tmp_path / "e.json").write_text(json.dumps(content))
    read = read_evaluation(tmp_path / "e.json")
    unknown = [read.confidence, *astuple(read.end_over_picked), read.noise.sigma, read.picked_risk_error]
    assert np.isnan(unknown).all()
    assert np.isnan([*read.nrmse, *read.trajectory.fwhm_y]).all()
    assert len(read.nrmse) == len(read.trajectory.fwhm_y) == 2
    assert (read.risk_noise, read.noise.check, read.picked_iteration) == ((), "", 15)


def test_a_solver_and_a_penalty_are_kept_where_no_optimizer_is_named():
    regime = {"solver": {"name": "cg"}, "penalty": {"name": "tikhonov", "weight": 1}, "start": "zero"}
    settings = RegimeSettings.of(regime)
    assert settings.method == {"solver": {"name": "cg"}, "penalty": {"name": "tikhonov", "weight": 1}}
    assert (settings.optimizer_name, settings.start, list(settings.schedule)) == ("", "zero", [])
    assert RegimeSettings.of(SETTINGS).optimizer_name == "Adam"
    assert RegimeSettings.of(SETTINGS).method == {}


@pytest.mark.parametrize(
    ("risk", "end", "told"),
    [
        (1.0005, 60, "stop at iteration 15 of 60, after which nothing moved"),
        (1.002, 60, "stop at iteration 15 of 60"),
        (0.998, 60, "stop at iteration 15 of 60"),
        (1.0, 15, "take its last image, at iteration 15"),
    ],
)
def test_where_nothing_moved_after_the_pick_that_is_said(risk, end, told):
    picked = {"iteration": 15, "risk": 1.0, "chi2": 0.9}
    one = made_evaluation(picked=picked, last={**picked, "iteration": end, "risk": risk})
    assert one.where_to_stop == told

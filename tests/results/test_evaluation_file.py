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
from sharpfit.judging.evaluate import AtBound, NoiseLevel, evaluate
from sharpfit.judging.weight_choice import ChosenWeight
from sharpfit.measuring.quality import Reference
from sharpfit.measuring.table import FIGURES, QUALITIES, units
from sharpfit.results.evaluation import as_evaluation
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
    for name in ("scan", "regime", "settings", "verdict", "cause", "evidence", "advice", "worst_slice"):
        assert getattr(read, name) == getattr(wrote, name)
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

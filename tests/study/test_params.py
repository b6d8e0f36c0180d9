from pathlib import Path

import pytest
import yaml

from sharpfit.errors import InputError
from sharpfit.exporting.formats import ENDINGS, IMAGES
from sharpfit.files.formats import FORMATS
from sharpfit.study import params as module
from sharpfit.study.params import validate

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "workflow" / "schemas" / "params.schema.yaml"


def default():
    return yaml.safe_load((ROOT / "params.yaml").read_text())


def test_the_default_study_is_valid():
    validate(default(), SCHEMA)


def test_the_schema_names_the_formats_that_are_read_and_written():
    schema = yaml.safe_load(SCHEMA.read_text())
    assert schema["$defs"]["scan"]["properties"]["format"]["enum"] == list(FORMATS)
    export = schema["properties"]["export"]["properties"]
    assert export["formats"]["items"]["enum"] == list(ENDINGS)
    assert export["image"]["enum"] == list(IMAGES)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda p: p["measures"].update(n_checkpoints=25.0),
            r"measures\.n_checkpoints = 25\.0 should be a whole",
        ),
        (
            lambda p: p["regimes"]["constant"].update(n_iterations=200.0),
            r"n_iterations = 200\.0 should be a whole",
        ),
        (lambda p: p["measures"].update(n_replicas=True), r"n_replicas = True should be a whole number"),
        (
            lambda p: p["regimes"]["constant"]["optimizer"].update(lr="1e-2"),
            r"lr = '1e-2' is text; write 0\.01 without",
        ),
        (lambda p: p["measures"].update(seed="7"), r"seed = '7' is text; write 7 without quotes"),
        (lambda p: p["measures"].update(seed="7.5"), r"seed = '7\.5' should be a whole number"),
        (
            lambda p: p["regimes"]["constant"]["optimizer"].update(lr="nan"),
            r"lr = 'nan' should be a number",
        ),
        (
            lambda p: p["scans"]["head_r4"].update(select={"repetition": 1e9}),
            r"repetition = 1000000000\.0 should be a whole number or text",
        ),
        (
            lambda p: p["scans"]["head_r4"].update(select={"slice": "3"}),
            r"slice = '3' is text; write 3 without quotes",
        ),
    ],
)
def test_a_wrong_type_is_one_line_with_key_and_value(change, message):
    params = default()
    change(params)
    with pytest.raises(InputError, match=message) as raised:
        validate(params, SCHEMA)
    assert "\n" not in str(raised.value)


def told(change):
    params = default()
    change(params)
    with pytest.raises(InputError) as caught:
        validate(params, SCHEMA)
    return str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: p.pop("measures"), "params.yaml: measures is missing"),
        (
            lambda p: p.pop("simulations"),
            "params.yaml: simulations is missing; write simulations: {} where none is made",
        ),
        (lambda p: p["measures"].pop("seed"), "params.yaml: measures.seed is missing"),
        (lambda p: p.update(scans={}), "params.yaml: scans is empty"),
        (
            lambda p: p["scans"]["head_r4"].update(select={"repetition": "first"}),
            "params.yaml: scans.head_r4.select.repetition = 'first' should be a whole number or mean",
        ),
        (
            lambda p: p["measures"].update(sed=1),
            "params.yaml: measures.sed is not known here; did you mean seed?",
        ),
        (
            lambda p: p["measures"].update(zebra=1),
            "params.yaml: measures.zebra is not known here; known here: n_checkpoints, n_replicas, seed",
        ),
        (
            lambda p: p.update(device="cuda"),
            "params.yaml: device is no parameter; give it in a profile or by --config device=…",
        ),
        (
            lambda p: p["measures"].update(device="cuda"),
            "params.yaml: measures.device is not known here; known here: n_checkpoints, n_replicas, seed",
        ),
        (lambda p: p.update(regimes=[]), "params.yaml: regimes = [] should be a mapping (key: value)"),
        (lambda p: p.update(measures="x"), "params.yaml: measures = 'x' should be a mapping (key: value)"),
        (
            lambda p: p.update(export={"image": "best", "formats": ["png"]}),
            "params.yaml: export.image = 'best' should be one of picked, last",
        ),
        (
            lambda p: p.update(export={"image": "last", "formats": ["png", "gif"]}),
            "params.yaml: export.formats[1] = 'gif' should be one of nifti, dicom, bart, png",
        ),
        (
            lambda p: p["scans"]["head_r4"].update(pixel_spacing_mm=[1, float("nan")]),
            "params.yaml: scans.head_r4.pixel_spacing_mm[1] = nan is not a finite number",
        ),
        (
            lambda p: p["regimes"]["constant"]["optimizer"].update(betas=[0.9] * 1001),
            "params.yaml: regimes.constant.optimizer.betas: [0.9, 0.9",
        ),
        *(
            (
                lambda p, weight=weight: p["regimes"].update(
                    tv={
                        "solver": {"name": "primal_dual"},
                        "penalty": {"name": "total_variation", "weight": weight},
                        "start": "zero",
                        "n_iterations": 9,
                    }
                ),
                f"params.yaml: regimes.tv.penalty.weight{said}",
            )
            for weight, said in (
                ("jugded", " = 'jugded' should be a number, or judged"),
                ("0.5", " = '0.5' is text; write 0.5 without quotes"),
                (0, ": 0 is less than or equal to the minimum of 0"),
                (1e7, ": 10000000.0 is greater than the maximum of 1000000.0"),
            )
        ),
        (
            lambda p: p["regimes"]["constant"].pop("optimizer"),
            "params.yaml: regimes.constant needs one of: optimizer or solver",
        ),
        (
            lambda p: p["regimes"]["constant"].update(solver={"name": "cg"}),
            "params.yaml: regimes.constant needs one of: optimizer or solver; it has several",
        ),
        (
            lambda p: p["regimes"].update(
                own={"solver": {"file": "a.py"}, "start": "zero", "n_iterations": 9}
            ),
            "params.yaml: regimes.own.solver needs one of: name or command or file with function",
        ),
        (
            lambda p: p["regimes"]["constant"].update(penalty={"name": "wavelet", "weight": 1}),
            "params.yaml: regimes.constant.penalty needs solver beside it",
        ),
        (
            lambda p: p["regimes"]["constant"]["optimizer"].update(lr="fast"),
            "params.yaml: regimes.constant.optimizer.lr = 'fast' should be a number, or auto",
        ),
        (
            lambda p: p["held_out"].update(fraction=0.51),
            "params.yaml: held_out.fraction: 0.51 is greater than the maximum of 0.5",
        ),
    ],
)
def test_what_is_wrong_is_told_in_one_sentence(change, message):
    said = told(change)
    assert said == message or (message.endswith("0.9") and said.startswith(message))
    assert len(said) < 300


def test_a_wrong_word_is_told_before_what_follows_from_it():
    def spoil(params):
        params["measures"].pop("seed")
        params["measures"]["sead"] = 1
        params["export"] = {"image": "best", "formats": ["png"]}

    assert told(spoil) == "params.yaml: export.image = 'best' should be one of picked, last"


def test_as_many_fits_as_a_study_may_hold_are_valid(monkeypatch):
    params = default()
    n = len(params["scans"]) * len(params["regimes"])
    monkeypatch.setattr(module, "MAX_FITS", n)
    validate(params, SCHEMA)
    monkeypatch.setattr(module, "MAX_FITS", n - 1)
    assert told(lambda p: None) == (
        f"params.yaml: {n} fits (scans × regimes); one study holds at most {n - 1}"
    )

from pathlib import Path

import pytest
import yaml

from sharpfit.errors import InputError
from sharpfit.study.params import validate

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "workflow" / "schemas" / "params.schema.yaml"


def default():
    return yaml.safe_load((ROOT / "params.yaml").read_text())


def test_the_default_study_is_valid():
    validate(default(), SCHEMA)


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

"""Every number and name of params.yaml is bounded by what it can mean."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from sharpfit.errors import InputError
from sharpfit.study import params as module
from sharpfit.study.params import validate
from sharpfit.study.params_file import read_params

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "workflow" / "schemas" / "params.schema.yaml"
COLD = {"file": "x.npy", "noise_std": 1, "added_noise": {"level": 1, "seed": 0}, "pixel_spacing_mm": [1, 1]}


def study() -> dict[str, Any]:
    """The default study, with one scan that states all that may be stated."""
    params = read_params(ROOT / "params.yaml")
    params["scans"]["cold"] = deepcopy(COLD) | {"sampling": dict(params["scans"]["head_r4"]["sampling"])}
    params["scans"]["cold"]["coil_compression"] = 8
    params["regimes"]["constant"]["stop"] = {"rule": "judged", "rise": 0.1, "patience": 10}
    return params


def numbers_of(value: Any, where: tuple = ()) -> list[tuple]:
    """Places of all numbers, at any depth."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    below = [place for key, item in items for place in numbers_of(item, (*where, key))]
    return [*below, where] if isinstance(value, int | float) and not isinstance(value, bool) else below


PLACES = numbers_of(study())


@pytest.mark.parametrize("place", PLACES, ids=lambda place: ".".join(map(str, place)))
def test_no_number_is_unbounded(place: tuple):
    for value in (10**39, -(10**12), 1e300, -1e300, float("inf"), float("nan")):
        params = study()
        inner = params
        for key in place[:-1]:
            inner = inner[key]
        inner[place[-1]] = value
        with pytest.raises(InputError) as caught:
            validate(params, SCHEMA)
        assert str(caught.value).startswith("params.yaml: ")
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gd\n", "cannot be a name"),
        ("a" * 101, "is longer than 100 characters"),
        ("a" * 5000, "is longer than 100 characters"),
        ("..", "cannot be a name"),
        ("a/b", "cannot be a name"),
        ("{scan}", "cannot be a name"),
        ("", "cannot be a name"),
        ("Constant", "differ by case only"),
        ("a" * 20, "ends in 20 or more repeats of one part"),
        ("scan" + "01" * 21, "ends in 20 or more repeats of one part"),
        ("ä", "cannot be a name"),
        ("a ", "cannot be a name"),
        ("a.", "ends in a dot"),
        ("CON", "is a device of Windows"),
        ("nul.2", "is a device of Windows"),
        ("Com1", "is a device of Windows"),
    ],
)
@pytest.mark.parametrize("group", ["simulations", "scans", "regimes"])
def test_names_are_folders_everywhere(group: str, name: str, message: str):
    params = study()
    first = next(iter(params[group].values()))
    params[group] |= {"constant": first, name: first}
    with pytest.raises(InputError, match=message) as caught:
        validate(params, SCHEMA)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("name", ["control", "con_1", "com10", "a.b", "aux-2", "nul2"])
def test_names_that_only_begin_like_a_device_are_names(name: str):
    params = study()
    params["scans"][name] = COLD
    validate(params, SCHEMA)


@pytest.mark.parametrize("key", ["file", "dataset"])
def test_texts_are_bounded(key: str):
    params = study()
    params["scans"]["cold"] = COLD | {key: "x" * 5000}
    with pytest.raises(InputError, match=f"cold.{key}: .* is longer than") as caught:
        validate(params, SCHEMA)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("character", ["\0", "\x1b", "\x7f", "\x9b", "\u2028", "\u202e"])
def test_a_path_holds_no_control_characters(character: str):
    params = study()
    params["scans"]["cold"] = COLD | {"file": f"x{character}.npy"}
    with pytest.raises(InputError, match=r"cold\.file: .* holds control characters"):
        validate(params, SCHEMA)


def test_fits_are_counted(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "MAX_FITS", 5)
    with pytest.raises(InputError, match=r"\d+ fits \(scans × regimes\); one study holds at most 5"):
        validate(study(), SCHEMA)


def test_a_long_unknown_key_is_cut():
    with pytest.raises(InputError) as caught:
        validate(study() | {"k" * 10_000: 1}, SCHEMA)
    assert len(str(caught.value)) < 300


def test_every_number_in_the_schema_has_both_bounds():
    def unbounded(node: Any, where: str = "") -> list[str]:
        if isinstance(node, list):
            return [place for i, item in enumerate(node) for place in unbounded(item, f"{where}[{i}]")]
        if not isinstance(node, dict):
            return []
        found = [place for key, item in node.items() for place in unbounded(item, f"{where}.{key}")]
        types = node.get("type", [])
        if {"number", "integer"} & set([types] if isinstance(types, str) else types):
            low, high = (
                {"minimum", "exclusiveMinimum"} & set(node),
                {"maximum", "exclusiveMaximum"} & set(node),
            )
            found += [] if low and high else [where]
        return found

    assert unbounded(yaml.safe_load(SCHEMA.read_text())) == []


def test_a_name_may_repeat_as_often_as_snakemake_lets_it():
    from snakemake.io import PeriodicityDetector

    for name in ("a" * 19, "scan" + "01" * 19, "a" * 20 + "b", "0" * 20, "ab" * 20):
        refused = module.REPEATED.search(name) is not None
        assert refused == (PeriodicityDetector().is_periodic(name) is not None)

"""Check ``params.yaml`` against its closed schema and say in one line what is wrong with it."""

import math
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from sharpfit.errors import InputError
from sharpfit.fitting.by_name import AUTO, JUDGED
from sharpfit.study import paths
from sharpfit.study.names import hint
from sharpfit.study.params_file import LOADER, MAX_SHOWN, shown

MAX_FITS = 100_000
# What Snakemake takes for a wildcard that grows without end (`snakemake.io.PeriodicityDetector`).
REPEATED = re.compile(r"(.+)\1{19,}$")
# Devices of Windows, in any folder and whatever the suffix: its shares take no such file or folder.
DEVICE = re.compile(r"(con|prn|aux|nul|(com|lpt)[0-9])(\.|$)", re.IGNORECASE)
# Keys that take a number, or one word that leaves it to the judge or to a range test.
OR_WORD = {"lr": AUTO, "weight": JUDGED}
# JSON Schema takes 200.0 for an integer; what counts iterations or samples is written as one.
_Validator = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _checker, value: isinstance(value, int) and not isinstance(value, bool)
    ),
)


def validate(params: dict[str, Any], schema_file: Path) -> None:
    """Check parameters against the schema.

    Raises
    ------
    InputError
        One line with the key and what may stand there, for the first thing that is wrong.
    """
    for where, number in _numbers(params, []):
        if not math.isfinite(number):
            raise InputError(f"{_key(where)} = {number} is not a finite number")
    if wrong := _wrong(params, _schema(schema_file)):
        raise InputError(wrong)
    _check_names(params)


def validate_scan(scan: dict[str, Any], schema_file: Path) -> None:
    """Check a scan's entry that does not stand in ``params.yaml`` yet.

    Raises
    ------
    InputError
        as `validate`, its keys told from the scan's on
    """
    known = _schema(schema_file)["$defs"]
    if wrong := _wrong(scan, {"$ref": "#/$defs/scan", "$defs": known}):
        raise InputError(wrong.removeprefix(f"{paths.PARAMS}: "))


def _schema(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.load(file.read_text(encoding="utf-8"), Loader=LOADER)
    return found


def _wrong(value: dict[str, Any], schema: dict[str, Any]) -> str | None:
    """Say what is wrong first of all; None if nothing is."""
    first = min(_Validator(schema).iter_errors(value), key=_rank, default=None)
    return None if first is None else _say(first)


def _check_names(params: dict[str, Any]) -> None:
    """Refuse names that file systems do not keep or take for one, or Snakemake for endless; too many fits."""
    for group in ("simulations", "scans", "regimes"):
        seen: dict[str, str] = {}
        for name in params[group]:
            if flaw := _flaw(name):
                raise InputError(f"{_key([group, name])} {flaw}; rename it")
            if (other := seen.setdefault(name.casefold(), name)) != name:
                raise InputError(
                    f"{_key([group, name])} and {other} differ by case only; some file systems take them for "
                    "one, so rename one"
                )
    n_fits = len(params["scans"]) * len(params["regimes"])
    if n_fits > MAX_FITS:
        raise InputError(
            f"{paths.PARAMS}: {n_fits} fits (scans × regimes); one study holds at most {MAX_FITS}"
        )


def _flaw(name: str) -> str | None:
    """Return what is wrong with a name of letters, digits, '_', '-' and '.'; None if nothing is."""
    if REPEATED.search(name):
        return "ends in 20 or more repeats of one part"
    if name.endswith("."):
        return "ends in a dot, which Windows and its shares drop"
    return "is a device of Windows, which takes no such folder" if DEVICE.match(name) else None


def _rank(error: jsonschema.ValidationError) -> int:
    """Tell first what explains the rest: a wrong word before its effects, an unknown key before a lack."""
    telling = ["enum", "type", "additionalProperties"]
    return telling.index(error.validator) if error.validator in telling else len(telling)


def _numbers(value: Any, where: list[Any]) -> Iterator[tuple[list[Any], float]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _numbers(item, [*where, key])
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _numbers(item, [*where, index])
    elif isinstance(value, float):
        yield where, value


def _key(path: list[Any]) -> str:
    cut = [part if isinstance(part, int) else _shown_key(part) for part in path]
    dotted = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in cut).lstrip(".")
    return f"{paths.PARAMS}: {dotted}" if dotted else paths.PARAMS


def _say(error: jsonschema.ValidationError) -> str:
    """Put a jsonschema error into the words of someone who edits ``params.yaml``."""
    where, value = list(error.absolute_path), error.instance
    match error.validator:
        case "additionalProperties":
            known = list(error.schema.get("properties", {}))
            unknown = next(key for key in value if key not in known)
            if [*where, unknown] == ["device"]:
                return f"{_key(where)}: device is no parameter; give it in a profile or by --config device=…"
            return f"{_key([*where, unknown])} is not known here; {hint(str(unknown), known)}"
        case "required":
            absent = next(key for key in error.validator_value if key not in value)
            none = "; write simulations: {} where none is made" if absent == "simulations" else ""
            return f"{_key([*where, absent])} is missing{none}"
        case "type":
            should = _should(value, error.validator_value)
            word = OR_WORD.get(where[-1]) if where and should.startswith("should") else None
            return f"{_key(where)} = {shown(value)} {should}{f', or {word}' if word else ''}"
        case "enum":
            words = ", ".join(map(str, error.validator_value))
            return f"{_key(where)} = {shown(value)} should be one of {words}"
        case "pattern" if where and where[-1] == "file":
            return f"{_key(where)}: {shown(value)} holds control characters"
        case "pattern" if where and where[-1] == "repetition":
            return f"{_key(where)} = {shown(value)} should be a whole number or mean"
        case "pattern":
            return f"{_key(where)}: {shown(value)} cannot be a name: use letters, digits, '_', '-' and '.'"
        case "maxLength":
            return f"{_key(where)}: {shown(value)} is longer than {error.validator_value} characters"
        case "maxProperties" | "maxItems":
            return f"{_key(where)}: {len(value)} entries; at most {error.validator_value} can be meant"
        case "oneOf":
            options = [one["required"] for one in error.validator_value]
            met = [keys for keys in options if all(key in value for key in keys)]
            one_of = " or ".join(" with ".join(keys) for keys in met or options)
            return f"{_key(where)} needs one of: {one_of}{'; it has several' if met else ''}"
        case "dependentRequired":
            needed = {key: other for key, (other,) in error.validator_value.items()}
            key = next(key for key, other in needed.items() if key in value and other not in value)
            return f"{_key([*where, key])} needs {needed[key]} beside it"
        case "anyOf":
            return f"{_key(where)}: {shown(value)} should be a number, a word, or a list of such, within ±1e9"
        case "minProperties":
            return f"{_key(where)} is empty"
        case _:
            return f"{_key(where)}: {_one_line(error.message)}"


def _shown_key(key: str) -> str:
    return key if key.isprintable() and len(key) <= MAX_SHOWN else shown(key)


def _one_line(text: str) -> str:
    return " ".join(text.split())[: 2 * MAX_SHOWN]


def _should(value: Any, type_names: str | list[str]) -> str:
    """Return what a value of the wrong type should be; the schema names one type or several."""
    names = [type_names] if isinstance(type_names, str) else type_names
    if not {"number", "integer"}.isdisjoint(names) and isinstance(value, str):
        number = _meant(value)
        if math.isfinite(number) and ("number" in names or number.is_integer()):
            return f"is text; write {number if 'number' in names else int(number)} without quotes"
    kinds = {
        "object": "a mapping (key: value)",
        "array": "a list",
        "integer": "a whole number",
        "string": "text",
    }
    return f"should be {' or '.join(kinds.get(name, f'a {name}') for name in names)}"


def _meant(text: str) -> float:
    """Return the number that a text may have been meant as; nan where there is none."""
    with suppress(ValueError):
        return float(text)
    return math.nan

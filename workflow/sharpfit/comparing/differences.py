"""What two sides were made from: parameters, code and data, read from the sidecars alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sharpfit.comparing.sources import Result, Source

NOTHING = "–"
Origin = dict[str, dict[str, str]]


@dataclass(frozen=True)
class Difference:
    """One thing that differs: its kind (parameters, code, data, recorded), name, and value on each side."""

    kind: str
    name: str
    first: str
    other: str


def differences(first: Source, other: Source) -> list[Difference]:
    """Return what differs between the origins of two sides: parameters first, then data, code, recorded.

    Only scans and regimes of both sides count; what one side lacks is listed with the results.
    """
    common = {(result.scan, result.regime) for result in first.results}
    common &= {(result.scan, result.regime) for result in other.results}
    sides = [
        _origin([result for result in source.results if (result.scan, result.regime) in common])
        for source in (first, other)
    ]
    return _differing(*sides)


def differences_of_pair(one: Result, two: Result) -> list[Difference]:
    """Return what differs between the origins of two single fits, whatever they are called."""
    return _differing(_origin([one], plain=True), _origin([two], plain=True))


def data_identity(result: Result) -> frozenset[str] | None:
    """Return the digests of the raw files a fit is made from; None where no sidecar tells."""
    sidecar = result.sidecars["preprocess"]
    if sidecar is None:
        return None
    raw = {value for value in sidecar["spec"]["made_from"].values() if value.startswith("sha256:")}
    made = {f"sha256:{value}" for value in sidecar.get("upstream", {}).values()}
    return frozenset(raw | made)


def _origin(results: Sequence[Result], *, plain: bool = False) -> Origin:
    """Return what the results were made from, as {kind: {name: value}}; `plain` leaves their names out."""
    origin: Origin = {"parameters": {}, "data": {}, "code": {}, "recorded": {}}
    for result in results:
        for rule, sidecar in result.sidecars.items():
            if sidecar is None:
                origin["recorded"][f"{rule} sidecars"] = "missing"
                continue
            names = ("", "") if plain else (f"scans.{result.scan}", f"regimes.{result.regime}")
            origin["parameters"].update(_parameters(sidecar["spec"]["params"], *names))
            origin["code"].update(sidecar["spec"]["code"])
            origin["recorded"].update(_flat("", sidecar.get("recorded", {}).get("versions", {})))
            origin["recorded"][f"device of {rule}"] = str(sidecar.get("recorded", {}).get("device", NOTHING))
        identity = data_identity(result)
        data = "data" if plain else result.scan
        origin["data"][data] = "unknown" if identity is None else " ".join(sorted(identity))
    return origin


def _parameters(params: dict[str, Any], scan: str, regime: str) -> dict[str, str]:
    """Return a job's parameters under the names they have in params.yaml."""
    places = {"scan": scan, "regime": regime}
    named = {key: value for key, value in params.items() if key not in ("name", "regime_name")}
    return {
        name: value
        for key, content in named.items()
        for name, value in _flat(places.get(key, key) or key, content)
    }


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield the leaves of nested mappings and lists under their names, such as schedule[0].gamma, as text."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _flat(f"{prefix}.{key}" if prefix else str(key), item)
    elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        for place, item in enumerate(value):
            yield from _flat(f"{prefix}[{place}]", item)
    else:
        yield prefix, str(value)


def _differing(one: Origin, two: Origin) -> list[Difference]:
    found = []
    for kind in one:
        if kind in ("parameters", "code") and not (one[kind] and two[kind]):
            continue  # a side without sidecars: said once, under recorded
        for name in sorted({*one[kind], *two[kind]}):
            values = [side[kind].get(name, NOTHING) for side in (one, two)]
            if values[0] != values[1]:
                shown = values if kind not in ("code", "data") else [_short(value) for value in values]
                found.append(Difference(kind, name, *shown))
    return found


def _short(digests: str) -> str:
    """Return digests cut to what tells them apart."""
    return " ".join(digest.removeprefix("sha256:")[:10] for digest in digests.split())

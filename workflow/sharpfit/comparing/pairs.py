"""Is one fit's picked image better than another's? Decided by the judge's uncertainty, else a tolerance."""

import hashlib
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from sharpfit.comparing.differences import data_identity
from sharpfit.comparing.sources import DAMAGED, Result, Source
from sharpfit.errors import InputError, first_line
from sharpfit.reporting.ranking import middle_estimate, risk_margin
from sharpfit.results.picked_file import read_picked
from sharpfit.study import paths

#: Picked images whose relative distance ‖a − b‖ / ‖a‖ is no larger count as equal (float32 across devices).
IMAGE_TOLERANCE = 1e-3
#: NRMSEs that differ by a smaller share count as equal.
NRMSE_TOLERANCE = 0.01

IDENTICAL, EQUAL, UNDECIDED = "identical", "equal", "no real difference"
BETTER, WORSE, MISSING, INCOMPARABLE = "better", "worse", "missing", "not comparable"
STATUSES = (IDENTICAL, EQUAL, UNDECIDED, BETTER, WORSE, MISSING, INCOMPARABLE)


@dataclass(frozen=True)
class Pair:
    """How the fit of another side stands to that of the first: `status` is said of the other's.

    `measure` decided, with `first` and `other` its values and `margin` what they must differ by; all None
    where nothing had to be measured. `note` says why in words; `verdicts` is what both judges said.
    """

    scan: str
    regime: str
    side: str
    status: str
    measure: str | None = None
    first: float | None = None
    other: float | None = None
    margin: float | None = None
    note: str = ""
    verdicts: tuple[str, str] | None = None

    @property
    def is_change(self) -> bool:
        """Whether more than rounding tells the two apart."""
        return self.status not in (IDENTICAL, EQUAL) or self.verdict_changed

    @property
    def verdict_changed(self) -> bool:
        """Whether the two fits were judged differently."""
        return self.verdicts is not None and self.verdicts[0] != self.verdicts[1]

    def as_json(self) -> dict[str, Any]:
        """Return the pair as plain values."""
        return asdict(self)


def pair_up(first: Source, other: Source) -> list[tuple[str, str, Result | None, Result | None]]:
    """Return (scan, regime, first's, other's) for every fit of either; one is None where it is missing.

    Where both sides name a single regime, fits meet by scan, whatever the regimes are called.
    """
    across = first.one_regime and other.one_regime
    sides = [{(r.scan, "" if across else r.regime): r for r in side.results} for side in (first, other)]
    pairs = []
    for key in dict.fromkeys([*sides[0], *sides[1]]):
        one, two = sides[0].get(key), sides[1].get(key)
        named = list(dict.fromkeys(result.regime for result in (one, two) if result is not None))
        pairs.append((key[0], " → ".join(named), one, two))
    return pairs


def compared_fits(first: Source, other: Source) -> list[Pair]:
    """Return how every fit of `other` stands to that of `first`."""
    pairs = []
    for scan, regime, one, two in pair_up(first, other):
        if one is None or two is None:
            letter = first.letter if one is None else other.letter
            pairs.append(Pair(scan, regime, other.letter, MISSING, note=f"missing in {letter}"))
        else:
            pairs.append(_judge_pair(Pair(scan, regime, other.letter, INCOMPARABLE), one, two))
    return pairs


def _judge_pair(pair: Pair, one: Result, two: Result) -> Pair:
    """Return `pair`, which says not comparable so far, with its status found out."""
    pair = replace(pair, verdicts=(one.evaluation.verdict, two.evaluation.verdict))
    reason = _damage(one) or _damage(two) or _different_data(one, two)
    if reason:
        return replace(pair, note=reason)
    if all(map(_same_bytes, one.decisive_files, two.decisive_files)):
        return replace(pair, status=IDENTICAL, note="bit-identical")
    distance = _distance(one.picked, two.picked)
    if distance is not None and distance <= IMAGE_TOLERANCE:
        return replace(pair, status=EQUAL, measure="image distance", other=distance, margin=IMAGE_TOLERANCE)
    measure, values, margin, note = _measure(one, two)
    if measure is None:
        return replace(pair, note=note)
    change = values[1] - values[0]
    status = UNDECIDED if abs(change) <= margin else BETTER if change < 0 else WORSE
    return replace(
        pair, status=status, measure=measure, first=values[0], other=values[1], margin=margin, note=note
    )


def _damage(result: Result) -> str:
    """Return which file of a fit is not as it was made, or holds no image; empty where all are whole."""
    sidecars = [sidecar for sidecar in result.sidecars.values() if sidecar is not None]
    made = {name: digest for sidecar in sidecars for name, digest in sidecar["results"].items()}
    for file in (result.reconstruction, result.picked):
        digest = made.get(f"{paths.RESULTS}/{file.relative_to(result.results).as_posix()}")
        if digest is not None and (not file.is_file() or _digest(file) != digest):
            return f"{file} is missing or was changed after it was made"
    try:
        read_picked(result.picked)
    except InputError as error:
        return str(error)
    except DAMAGED as error:
        return f"{result.picked} holds no image ({first_line(error)})"
    return ""


def _different_data(one: Result, two: Result) -> str:
    """Return why two fits are not of the same data; empty when they are."""
    for result in (one, two):
        if strange := _out_of_step(result):
            return f"{result.scan}/{result.regime} was made from another {strange} than lies there now"
    identities = (data_identity(one), data_identity(two))
    if None not in identities:
        return "" if identities[0] == identities[1] else "made from different data"
    if _same_bytes(one.preprocessed, two.preprocessed):
        return ""
    return "without sidecars and the same preprocessed scan, nothing shows that the data are the same"


def _out_of_step(result: Result) -> str:
    """Return a file that a fit was made from, but that was made anew since; empty where there is none."""
    sidecars = [sidecar for sidecar in result.sidecars.values() if sidecar is not None]
    made = {file: digest for sidecar in sidecars for file, digest in sidecar["results"].items()}
    used = [item for sidecar in sidecars for item in sidecar["upstream"].items()]
    return next((file for file, digest in used if made.get(file, digest) != digest), "")


def _measure(one: Result, two: Result) -> tuple[str | None, tuple[float, float], float, str]:
    """Return what decides (name, both values, margin, words): the middle estimate, of other data NRMSE."""
    nrmses = (one.evaluation.picked_quality.nrmse, two.evaluation.picked_quality.nrmse)
    alike = _same_bytes(one.preprocessed, two.preprocessed)
    found = middle_estimate(one.evaluation, two.evaluation) if alike else None
    uncertain = found is None or risk_margin(one.evaluation, two.evaluation) is None
    if uncertain and np.isfinite(nrmses).all():
        return "NRMSE", nrmses, NRMSE_TOLERANCE * nrmses[0], f"tolerance {NRMSE_TOLERANCE:.0%}"
    if found is not None:
        return found.name, found.values, found.margin, found.note
    return None, (0.0, 0.0), 0.0, "preprocessed differently, and no reference to measure against"


def _same_bytes(one: Path, two: Path) -> bool:
    if not (one.is_file() and two.is_file()) or one.stat().st_size != two.stat().st_size:
        return False
    return _digest(one) == _digest(two)


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _distance(one: Path, two: Path) -> float | None:
    """Return ‖a − b‖ / ‖a‖ of two picked images; None where they cannot be subtracted."""
    first, other = read_picked(one), read_picked(two)
    if first is None or other is None or first.shape != other.shape or not first.any():
        return None
    return float(np.linalg.norm(first - other) / np.linalg.norm(first))

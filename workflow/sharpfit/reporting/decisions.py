"""What was decided for a scan while it was prepared, in words that show a wrong guess."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from sharpfit.reporting.digits import at_most


def decisions(facts: Mapping[str, Any]) -> list[str]:
    """Return a line for each decision: axes, sampling, spikes, noise, coils, maps, scale, reference.

    Parameters
    ----------
    facts
        The attributes of results/preprocess/<scan>.h5; decisions it does not tell of are left out.
    """
    return list(_lines(facts))


def _lines(facts: Mapping[str, Any]) -> Iterator[str]:
    if "axes_source" in facts:
        yield f"axes: {facts['axes_source'].removeprefix('axes ')}"
    if "coils_left_out" in facts:
        yield f"coils: {facts['coils_left_out']}"
    if "mask_source" in facts:
        yield f"sampling: {facts['mask_source']}{_fewer(facts['acceleration'])}"
    if facts.get("spikes"):
        yield f"warning: {facts['spikes']}"
    if "noise_source" in facts:
        yield f"noise: {facts['noise_source']}{_added(facts)}"
    if facts.get("noise_check"):
        over_given = facts["sigma"] / facts["sigma_given"]
        how = "stated" if facts.get("noise_source", "").startswith("stated") else "measured"
        level = f"as {how}" if abs(over_given - 1) < 1e-6 else f"{over_given:.3g} times the {how} one"
        yield f"noise level taken: {level}{_uncertainty(facts)} ({facts['noise_check']})"
    if facts.get("averages_check"):
        yield f"true replicas: {facts['averages_check']}"
    if "coil_compression" in facts:
        yield f"coil compression: {facts['coil_compression']}"
    if "csm_source" in facts:
        yield f"coil maps: {facts['csm_source']}"
    if "image_scale" in facts:
        yield f"scale: 1 fitted unit is {facts['image_scale']:.3g} of the file's image units"
    if "reference_source" in facts:
        yield f"reference: {facts['reference_source']}"


def _fewer(acceleration: float) -> str:
    return f"; {acceleration:.2f} × fewer samples than locations" if acceleration > 1 else ""


def _uncertainty(facts: Mapping[str, Any]) -> str:
    uncertain = facts.get("sigma_uncertainty", math.nan)
    return f", known to {at_most(1, 100 * uncertain)} %" if math.isfinite(uncertain) else ""


def _added(facts: Mapping[str, Any]) -> str:
    added = facts.get("added_noise_std", 0.0)
    return f"; noise of std {added:.3g} added for the study" if added else ""

"""What a shell may complete: names of the study in the current folder, read from params.yaml alone."""

from collections.abc import Iterator

from sharpfit.errors import InputError
from sharpfit.study.params_file import read_params


def fits(incomplete: str) -> Iterator[str]:
    """Yield scans and scan/regime pairs that begin as typed; nothing where there is no study."""
    try:
        params = read_params()
    except (InputError, OSError):
        return
    scans, regimes = params.get("scans") or {}, params.get("regimes") or {}
    for scan in scans:
        names = [scan, *(f"{scan}/{regime}" for regime in regimes)]
        yield from (name for name in names if name.startswith(incomplete))

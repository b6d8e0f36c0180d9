"""How the fits on disk stand to what the study asks for now: which are stale, and which it asks for no more.

Whatever shows results says this along with them, so that no number is taken for that of an edited study.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sharpfit.errors import InputError
from sharpfit.provenance.open_study import open_study
from sharpfit.provenance.why import cause
from sharpfit.study import paths
from sharpfit.study.streams import say
from sharpfit.study.words import some


@dataclass(frozen=True)
class Standing:
    """How some fits stand; of a folder without ``params.yaml`` there is nothing to say.

    Attributes
    ----------
    stale
        scan/regime → why, in a few words; None where the study cannot be held against them
    left_over
        scan/regime of those that are no job of ``params.yaml`` any more
    unknown
        why it cannot, where it should
    """

    stale: dict[str, str] | None = None
    left_over: tuple[str, ...] = ()
    unknown: str = ""

    def lines(self) -> Iterator[str]:
        """Yield what a reader has to know, and what to do; nothing where all fits are current."""
        if self.stale:
            yield (
                f"stale: {_by_reason(self.stale)}; what is shown was made before. Run "
                "`snakemake --cores all`, or see `sharpfit why`"
            )
        if self.left_over:
            yield f"no longer in {paths.PARAMS}: {some(self.left_over)}; delete what you do not need"
        if self.unknown:
            yield f"whether these results are current is not known: {self.unknown}"


def standing(names: Iterable[str]) -> Standing:
    """Hold fits of the current folder, scan/regime each, against ``params.yaml``, the code and the data."""
    if not os.path.lexists(paths.PARAMS):
        return Standing()
    try:
        provenance = open_study()
        stale = provenance.stale()
    except InputError as error:
        return Standing(unknown=str(error))
    except OSError as error:
        return Standing(unknown=f"{error.filename or paths.PARAMS}: {error.strerror}")
    provenance.digests.save()
    judged = {job.name: job for job in provenance.jobs if job.rule == "evaluate"}
    chosen = list(names)
    return Standing(
        {
            name: cause(provenance, judged[name], stale)
            for name in chosen
            if name in judged and judged[name].sidecar in stale
        },
        tuple(name for name in chosen if name not in judged),
    )


def say_standing(names: Iterable[str]) -> None:
    """Print what a reader of these fits has to know, where their figures are not."""
    for line in standing(names).lines():
        say(line, err=True)


def _by_reason(stale: dict[str, str]) -> str:
    """Return the names of stale fits, those of one reason together."""
    named: dict[str, list[str]] = {}
    for name, reason in stale.items():
        named.setdefault(reason, []).append(name)
    return some((f"{some(names)} ({reason})" for reason, names in named.items()), between="; ")

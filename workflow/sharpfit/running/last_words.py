"""What a run that succeeded says at its end: the verdicts, where they are up to date, and what to mind."""

from collections.abc import Set
from pathlib import Path

from sharpfit.provenance.stale import Provenance, left_over
from sharpfit.running.unseen_by_dvc import unseen_by_dvc
from sharpfit.study import paths

#: Stages that make no verdict: after one of them, as in the midst of `dvc repro`, the table is no answer.
_WITHOUT_VERDICTS = {"simulated", "preprocessed", "reconstructed", "exported"}


def last_words(provenance: Provenance, asked: Set[str]) -> str:
    """Return the table, whether the committed numbers came out, report, what is left over or unseen by DVC.

    Parameters
    ----------
    provenance
        Of the study in the current folder.
    asked
        Names of the rules that were asked for; empty where files were.
    """
    said = [] if asked and asked <= _WITHOUT_VERDICTS else _verdicts(provenance)
    if old := ", ".join(left_over(provenance.jobs)):
        said.append(f"No longer in {paths.PARAMS}, and left as it is: {old}; delete what you do not need")
    return "\n".join([*said, *unseen_by_dvc(provenance)])


def _verdicts(provenance: Provenance) -> list[str]:
    from sharpfit.running.end_table import summary_table
    from sharpfit.running.reproduced import reproduced

    # what the study asks for, as results lie on disk now
    fresh = {job.rule for job in provenance.jobs if not job.name and provenance.why_stale(job) is None}
    said = []
    if "summarise" in fresh:
        said.append(summary_table(Path(paths.SUMMARY_CSV), Path(paths.LOGS) / "reconstruct"))
    if "report" in fresh:
        said += filter(None, [reproduced()])
        said.append(f"Report: {Path(paths.REPORT).resolve()}")
    return said

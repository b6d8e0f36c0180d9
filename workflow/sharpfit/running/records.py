"""Snakemake's own records of a study: nothing depends on them, so a damaged one is taken away."""

import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import snakemake.workflow
from snakemake.persistence.file import FilePersistence

from sharpfit.study.streams import say


class Records(FilePersistence):
    """What Snakemake keeps in ``.snakemake``, read so that no damage ends a run."""

    def _read_locks(self) -> tuple[()]:
        """Return none: locks are the kernel's (`runlock`), and braces in the path are wildcards to these."""
        return ()

    def migrate_v1_to_v2(self) -> None:
        """Leave records of old versions of Snakemake alone: it parses all, to find jobs that were cut off."""

    def _read_record(self, key: str) -> Any:
        """Return what is known of a result; None where it cannot be read."""
        try:
            return super()._read_record(key)
        except (OSError, ValueError, TypeError, RecursionError):
            place = Path(self._record_path(self._metadata_path, key))
            say(f"{place}: damaged, counts as absent", err=True)
            with suppress(OSError):  # a read-only study can be looked at
                shutil.rmtree(place) if place.is_dir() else place.unlink()
            return None


def read_without_harm() -> None:
    """Have Snakemake read its records so; it opens them after the Snakefile is read."""
    setattr(snakemake.workflow, FilePersistence.__name__, Records)

"""What Snakemake makes of a study's files: of its own records, on which nothing depends, and of results."""

import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import snakemake.workflow
from snakemake.io import _IOFile
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

    def save_iocache(self) -> None:
        """Keep what a dry run saw of files for `--trust-io-cache`, where the study may be written to."""
        with suppress(OSError):
            super().save_iocache()


async def _may_be_replaced(_: _IOFile) -> bool:
    """Say of no result that it is protected: one that is made anew is replaced, as its folder allows.

    Results that share their bytes with DVC's cache by hard links are read-only, and are never written to.
    """
    return False


def read_without_harm() -> None:
    """Have Snakemake look at a study's files so; it opens its records after the Snakefile is read."""
    setattr(snakemake.workflow, FilePersistence.__name__, Records)
    setattr(_IOFile, _IOFile.protected.__name__, _may_be_replaced)

"""The study as one page: opens from disk, needs no network, and shows the same bytes every time."""

from sharpfit.report.build import write_report

__all__ = ["write_report"]

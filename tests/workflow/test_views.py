"""Snakemake's own report of a study: categories, captions, figures."""

import pytest
from scratch import Scratch

pytestmark = pytest.mark.workflow


def test_snakemakes_report_holds_figures_by_category_with_captions(study: Scratch) -> None:
    study.call("snakemake", "--report", "overview.html")
    page = (study.root / "overview.html").read_text()
    for text in (
        "Picked images",
        "Figures",
        "Summary",
        "on one grey scale",
        "needs no network",
        "sharpness.png",
    ):
        assert text in page, text

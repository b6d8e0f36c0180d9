"""The table that a run ends with."""

import csv
from pathlib import Path

COLUMNS = {
    "scan": "scan",
    "regime": "regime",
    "verdict": "verdict",
    "picked_iteration": "stop at",
    "chi2": "chi2",
    "held_out": "held-out",
    "nrmse_picked": "NRMSE there",
    "nrmse_last": "at the end",
}
TEXT = ("scan", "regime", "verdict")


def summary_table(summary_csv: Path) -> str:
    """``results/summary.csv`` as aligned text: one line per scan × regime; an empty cell where undefined."""
    with summary_csv.open(newline="") as file:
        rows = [[_cell(key, row.get(key, "")) for key in COLUMNS] for row in csv.DictReader(file)]
    table = [list(COLUMNS.values()), *rows]
    widths = [max(len(row[i]) for row in table) for i in range(len(COLUMNS))]
    return "\n".join(
        "  ".join(_align(key, row[i], widths[i]) for i, key in enumerate(COLUMNS)).rstrip() for row in table
    )


def _cell(key: str, value: str) -> str:
    if key in (*TEXT, "picked_iteration") or not value:
        return value
    return f"{float(value):.3g}"


def _align(key: str, cell: str, width: int) -> str:
    return cell.ljust(width) if key in TEXT else cell.rjust(width)

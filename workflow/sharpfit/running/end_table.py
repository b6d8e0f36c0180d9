"""The table that a run ends with."""

import csv
import re
from pathlib import Path

from sharpfit.reporting.digits import at_most, three_digits

COLUMNS = {
    "scan": "scan",
    "regime": "regime",
    "verdict": "verdict",
    "picked_iteration": "stop at",
    "chi2": "chi2",
    "held_out": "held-out",
    "noise_share": "noise",
    "nrmse_picked": "NRMSE",
    "nrmse_last": "last",
}
SECONDS = "secs"
BEST = " *"  # behind the regime whose picked image ranks first
PER_ITERATION = "seconds per iteration"  # what the log of reconstruct ends with, after the number
TEXT = ("scan", "regime", "verdict")


def summary_table(summary_csv: Path, logs: Path) -> str:
    """``results/summary.csv`` as aligned text: one line per scan × regime; an empty cell where undefined.

    The best image of each scan is marked, and the last line says so.
    The seconds to the picked iteration come from the logs of reconstruct (`logs`/<scan>/<regime>.log); they
    are of this machine and no part of any result.
    """
    with summary_csv.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    cells = [[*(_cell(key, _shown(key, row)) for key in COLUMNS), _seconds(row, logs)] for row in rows]
    table = [[*COLUMNS.values(), SECONDS], *cells]
    keys = (*COLUMNS, "seconds")
    widths = [max(len(row[i]) for row in table) for i in range(len(keys))]
    lines = [
        "  ".join(_align(key, row[i], widths[i]) for i, key in enumerate(keys)).rstrip() for row in table
    ]
    if any(_is_best(row) for row in rows):
        lines.append("* the best image of its scan")
    return "\n".join(lines)


def _seconds(row: dict[str, str], logs: Path) -> str:
    """Seconds to the picked iteration, all replicas included; empty where no log says how fast it went."""
    log = logs / row["scan"] / f"{row['regime']}.log"
    if not log.is_file():
        return ""
    rates = re.findall(
        rf"^(\S+) {PER_ITERATION}$", log.read_text(encoding="utf-8", errors="replace"), re.MULTILINE
    )
    return at_most(2, float(rates[-1]) * int(row["picked_iteration"])) if rates else ""


def _shown(key: str, row: dict[str, str]) -> str:
    """Show a cell; the weight stands in the column of the iteration where the judge chose one."""
    if key == "regime" and _is_best(row):
        return row[key] + BEST
    if key == "picked_iteration" and row.get("picked_weight"):
        return f"{float(row['picked_weight']):.3g} σ"
    return row.get(key, "")


def _is_best(row: dict[str, str]) -> bool:
    return row.get("rank") == "1"


def _cell(key: str, value: str) -> str:
    if key in (*TEXT, "picked_iteration") or not value:
        return value
    return f"{100 * float(value):.0f} %" if key == "noise_share" else three_digits(float(value))


def _align(key: str, cell: str, width: int) -> str:
    return cell.ljust(width) if key in TEXT else cell.rjust(width)

"""Running jobs as bars, for `snakemake` and `sharpfit watch`."""

from collections.abc import Sequence

from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from sharpfit.running.watching import Step, Watch

BAR_WIDTH = 16


def bars(steps: Sequence[Step], watch: Watch, now: float) -> Table:
    """Return a line for each job: its name, and for a fit a bar, its figures and the time left."""
    table = Table.grid(padding=(0, 1))
    for step in steps:
        if not step.n_iterations:
            table.add_row(Text(step.name, no_wrap=True), Text(""), Text(""), Text(step.note, style="dim"))
            continue
        bar = ProgressBar(total=step.n_iterations, completed=step.iteration, width=BAR_WIDTH)
        count = Text(f"{step.iteration}/{step.n_iterations}")
        figures = Text(f"{step.figures}  {watch.left_of(step, now)}".rstrip(), no_wrap=True)
        table.add_row(Text(step.name, no_wrap=True), bar, count, figures)
    return table

"""Running jobs as bars, for `snakemake` and `sharpfit watch`."""

from collections.abc import Sequence

from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from sharpfit.running.watching import Step, Watch

BAR_WIDTH = 16
#: Columns that chi2, held-out and learning rate take as a rule, each with two blanks; and the time left.
_FIGURES, _LEFT = (13, 17, 13), 21


def bars(steps: Sequence[Step], watch: Watch, now: float, width: int) -> Table:
    """Return a line for each job: its name, and for a fit a bar, its figures and the time left.

    Where `width` columns do not hold all of it, the learning rate is left out, then the held-out residual,
    then the bar; then names are cut. chi2 and the time left stay.
    """
    fits = [step for step in steps if step.n_iterations]
    n_figures, with_bar = _room(fits, width)
    table = Table.grid(padding=(0, 1))
    table.add_column(overflow="ellipsis")
    for _ in range(2 + with_bar):
        table.add_column(no_wrap=True)
    for step in steps:
        name = Text(step.name, no_wrap=True, overflow="ellipsis")
        if not step.n_iterations:
            table.add_row(name, *[Text("")] * (1 + with_bar), Text(step.note, style="dim"))
            continue
        bar = ProgressBar(total=step.n_iterations, completed=step.iteration, width=BAR_WIDTH)
        figures = [*step.figures.split("  ")[:n_figures], watch.left_of(step, now)]
        count = Text(f"{step.iteration}/{step.n_iterations}")
        table.add_row(name, *[bar] * with_bar, count, Text("  ".join(filter(None, figures))))
    return table


def _room(fits: Sequence[Step], width: int) -> tuple[int, bool]:
    """Return for how many figures there is room, whatever they read, and whether there is for a bar."""
    name = max((len(step.name) for step in fits), default=0)
    count = max((len(f"{step.n_iterations}") for step in fits), default=0)
    left = width - (name + 1 + 2 * count + 1 + 1) - _LEFT - _FIGURES[0]
    with_bar = left > BAR_WIDTH
    left -= (BAR_WIDTH + 1) * with_bar
    n_figures = 1
    for figure in _FIGURES[1:]:
        left -= figure
        n_figures += left >= 0
    return n_figures, with_bar

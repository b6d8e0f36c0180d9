"""`sharpfit watch`: how far a running study is."""

import time
from typing import Annotated

import typer

from sharpfit.commands.one_line import errors_in_one_line

Every = Annotated[float, typer.Option(help="Seconds between looks.")]


def watch(every: Every = 2.0) -> None:
    """Show how far a running study is: jobs done, and for each fit its iteration, chi2 and the time left.

    Stays up to date in place until all is done or Ctrl-C; where the output is no terminal it looks once.

    Example, beside a run: sharpfit watch
    """
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    from sharpfit.provenance.open_study import open_study
    from sharpfit.running.watching import DONE, Watch, look

    console, seen = Console(), Watch()
    with errors_in_one_line():
        provenance = open_study()
        steps = look(provenance.jobs, provenance.stale(), time.time())
        if not console.is_terminal:
            typer.echo(seen.text(steps, time.monotonic()))
            return
        with Live(console=console, auto_refresh=False) as live:
            while True:
                live.update(Text(seen.text(steps, time.monotonic())), refresh=True)
                if all(step.state == DONE for step in steps):
                    return
                time.sleep(every)
                provenance = open_study()
                steps = look(provenance.jobs, provenance.stale(), time.time())

"""`sharpfit watch`: how far a running study is."""

import time
from typing import Annotated

import typer

from sharpfit.commands.one_line import errors_in_one_line
from sharpfit.errors import InputError

PLAIN_WIDTH = 160  # columns where the output is no terminal
SHORTEST = 0.1  # seconds between looks: each one reads the study anew
LONGEST = 3600.0
Every = Annotated[float, typer.Option(help="Seconds between looks, 0.1 to 3600.")]


def watch(every: Every = 2.0) -> None:
    """Show how far a running study is: jobs done, and for each fit its iteration, chi2 and the time left.

    Stays up to date in place until all is done or Ctrl-C; where the output is no terminal it looks once.

    Example, beside a run: sharpfit watch
    """
    from rich.console import Console, Group
    from rich.live import Live
    from rich.text import Text

    from sharpfit.provenance.open_study import open_study
    from sharpfit.running.live import bars
    from sharpfit.running.watching import DONE, WAITING, Step, Watch, look

    def steps_now() -> list[Step]:
        provenance = open_study()
        return look(provenance.jobs, provenance.stale(), provenance.fingerprints, time.time())

    def picture(steps: list[Step]) -> Group:
        now = time.monotonic()
        running = [step for step in steps if step.state not in (DONE, WAITING)]
        return Group(bars(running, seen, now, console.width), Text(seen.head(steps, now)))

    console, seen = Console(highlight=False), Watch()
    with errors_in_one_line():
        if not SHORTEST <= every <= LONGEST:  # not a number lies nowhere
            raise InputError(f"--every {every:g}: should be {SHORTEST:g} to {LONGEST:g} seconds")
        steps = steps_now()
        if not console.is_terminal:
            console.width = PLAIN_WIDTH
            console.print(picture(steps))
            return
        with Live(console=console, auto_refresh=False) as live:
            while True:
                live.update(picture(steps), refresh=True)
                if all(step.state == DONE for step in steps):
                    return
                time.sleep(every)
                steps = steps_now()

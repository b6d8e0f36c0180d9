"""The `sharpfit` command: an index of small commands, one module each in ``sharpfit.commands``."""

import typer

from sharpfit.commands.bless import bless
from sharpfit.commands.compare import compare
from sharpfit.commands.pack import pack
from sharpfit.commands.show import show
from sharpfit.commands.watch import watch
from sharpfit.commands.why import why

app = typer.Typer(
    help="Look at a study's results. To compute them, run `snakemake --cores all` or `dvc repro`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(why)
app.command()(bless)
app.command()(show)
app.command()(watch)
app.command()(compare)
app.command()(pack)

"""The `sharpfit` command: an index of small commands, one module each in ``sharpfit.commands``."""

from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from sharpfit.commands.bless import bless
from sharpfit.commands.compare import compare
from sharpfit.commands.export import export
from sharpfit.commands.init import init
from sharpfit.commands.inspect import inspect
from sharpfit.commands.lr_find import lr_find
from sharpfit.commands.pack import pack
from sharpfit.commands.show import show
from sharpfit.commands.watch import watch
from sharpfit.commands.why import why

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        try:
            typer.echo(f"sharpfit {version('sharpfit')}")
        except PackageNotFoundError:  # run from a folder that was never installed
            typer.echo("sharpfit, not installed")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Bring a scan; look at results. To compute them, run `snakemake --cores all` or `dvc repro`."""


app.command()(inspect)
app.command()(init)
app.command()(why)
app.command()(bless)
app.command()(show)
app.command()(watch)
app.command()(compare)
app.command()(export)
app.command()(pack)
app.command()(lr_find)

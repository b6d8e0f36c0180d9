"""`sharpfit init`: a new study from scanner files."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from sharpfit.commands.one_line import errors_in_one_line
from sharpfit.errors import InputError
from sharpfit.study.streams import say

Folder = Annotated[Path, typer.Argument(help="The new study's folder.")]
Files = Annotated[list[Path] | None, typer.Argument(help="Scanner files, each a scan of the study.")]
Dataset = Annotated[str, typer.Option(help="Which variable, where the files hold several.")]
Axes = Annotated[str, typer.Option(help="The files' axes in their order, such as ky,kx,coil.")]
Select = Annotated[str, typer.Option(help="Which image, such as contrast:0 or repetition:mean.")]


def init(
    folder: Folder, files: Files = None, dataset: Dataset = "", axes: Axes = "", select: Select = ""
) -> None:
    """Make a study's folder: params.yaml, data/raw with copies of the files, and a README.

    Example: sharpfit init ../knees knee.dat --select contrast:0
    """
    with errors_in_one_line():
        from sharpfit.commands import asking
        from sharpfit.preparing.inspection import inspect
        from sharpfit.provenance.attest import WORKFLOW
        from sharpfit.study.new_study import write_study

        scans: dict[str, dict[str, Any]] = {}
        fully_sampled: dict[str, bool] = {}
        for file in files or []:
            name = asking.scan_name(file)
            if name in scans:
                raise InputError(
                    f"{file}: {scans[name]['file']} is called {name} already; rename one of them"
                )
            raw, scan = asking.read_asking(asking.entry(file, dataset, axes, select))
            found = inspect(raw)
            say(f"{file}: {found.facts['matrix']}, {found.facts['coils']} coils, {found.facts['sampling']}")
            for key, why in found.missing.items():
                say(f"{file}: state {key}: in params.yaml: {why}")
            scans[name], fully_sampled[name] = scan, found.fully_sampled
        schema = WORKFLOW / "schemas" / "params.schema.yaml"
        write_study(folder, scans, fully_sampled, Path(os.path.relpath(schema, folder.resolve())))
        say(f"{folder}: a study; run `snakemake --cores all --directory {folder}`")

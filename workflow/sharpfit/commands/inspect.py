"""`sharpfit inspect`: what a file holds, what would be assumed, a picture, and the lines for params.yaml."""

from pathlib import Path
from typing import Annotated

import typer

from sharpfit.commands.one_line import errors_in_one_line
from sharpfit.commands.target import check_target
from sharpfit.study.streams import say

File = Annotated[Path, typer.Argument(help="A scanner's file.")]
Dataset = Annotated[str, typer.Option(help="Which variable, where a file holds several.")]
Axes = Annotated[str, typer.Option(help="The file's axes in its order, such as ky,kx,coil.")]
Select = Annotated[str, typer.Option(help="Which image, such as contrast:0 or repetition:mean.")]
Picture = Annotated[Path | None, typer.Option(help="Where to write the picture; else NAME.preview.png here.")]


def inspect(
    file: File, dataset: Dataset = "", axes: Axes = "", select: Select = "", picture: Picture = None
) -> None:
    """Say what a file holds and what would be assumed, draw it, and print its lines for params.yaml.

    Example: sharpfit inspect volunteer.dat
    """
    with errors_in_one_line():
        from sharpfit.commands import asking
        from sharpfit.preparing.inspection import inspect as examine
        from sharpfit.reporting.preview import save_preview
        from sharpfit.study.jobs import readers_of
        from sharpfit.study.new_study import scan_lines

        shown = picture or Path(f"{file.stem}.preview.png")
        check_target(shown, ".png")
        raw, scan = asking.read_asking(asking.entry(file, dataset, axes, select))
        found = examine(raw)
        save_preview(shown, found.picture, raw.pixel_spacing_mm)
        say(f"{file}: {readers_of(scan)[str(file)]}")
        for question, answer in found.facts.items():
            say(f"  {question:<12} {answer}")
        say("assumed:")
        for sentence in found.assumed:
            say(f"  {sentence}")
        say(f"picture: {shown.resolve()}")
        say("for params.yaml, under scans: (with the file in data/raw):")
        name = asking.scan_name(file)
        pasted = scan | {"file": f"data/raw/{file.name}"}
        say(scan_lines({name: pasted}, {name: found.fully_sampled}), end="")
        for key, why in found.missing.items():
            say(f"    {key}:   # must be stated: {why}")

"""`sharpfit export`: an image of a fit as NIfTI, DICOM, BART or PNG."""

from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from sharpfit.commands.completing import fits
from sharpfit.commands.one_line import errors_in_one_line
from sharpfit.commands.target import check_not_of_study
from sharpfit.errors import InputError
from sharpfit.provenance.open_study import open_study
from sharpfit.study import paths
from sharpfit.study.judged import judged
from sharpfit.study.names import hint
from sharpfit.study.streams import say

Name = Annotated[str, typer.Argument(help="SCAN/REGIME of a fit.", autocompletion=fits)]
To = Annotated[
    str,
    typer.Option("--to", help="image.nii.gz, image.cfl, image.png, image.dcm, or a folder of DICOM slices."),
]
Which = Annotated[str, typer.Option(help="picked (where the judge would stop) or last.")]


def export(name: Name, to: To, image: Which = "picked") -> None:
    """Write an image of a fit for other programs, placed by the raw file's header, and say how it is scaled.

    Example: sharpfit export head_r4/warmup_cosine --to head.nii.gz
    """
    with errors_in_one_line():
        from sharpfit.exporting.formats import IMAGES, WRITERS, format_of
        from sharpfit.exporting.picture import read_picture

        if image not in IMAGES:
            raise InputError(f"--image {image}: should be {' or '.join(IMAGES)}")
        kind, target = format_of(to), Path(to)
        if not target.parent.is_dir():
            raise InputError(f"{target.parent}: no such folder")
        scan, _, regime = name.partition("/")
        _check(name, target, kind)
        source = (
            paths.evaluated(scan, regime, "picked.h5")
            if image == "picked"
            else paths.reconstructed(scan, regime)
        )
        picture = read_picture(Path(paths.preprocessed(scan)), Path(source), image, f"{scan}, {regime}")
        scale = import_module(f"{WRITERS}.{kind}").write(target, picture)
        say(f"{to}: {kind}")
        for key, sentence in (picture.said() | {"scale": scale}).items():
            say(f"  {key}: {sentence}")


def _check(name: str, target: Path, kind: str) -> None:
    """Refuse a fit that is not there or stale, and a target that the study holds."""
    provenance = open_study()
    fits = {job.name: job for job in provenance.jobs if job.rule == "evaluate"}
    if name not in fits:
        if name in judged().left_over:
            raise InputError(f"{name} is no longer in {paths.PARAMS}: put its scan or regime back, and run")
        raise InputError(f"no fit is called {name} here; {hint(name, fits)}")
    if fits[name].sidecar in provenance.stale():
        raise InputError(
            f"{name} is not computed or stale: run `snakemake --cores all`, or see `sharpfit why`"
        )
    halves = [target.with_suffix(".cfl"), target.with_suffix(".hdr")] if kind == "bart" else [target]
    check_not_of_study(halves, provenance.jobs)

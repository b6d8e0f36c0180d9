"""`sharpfit lr-find`: look for a learning rate on a preprocessed scan."""

from pathlib import Path
from typing import Annotated

import typer

from sharpfit.commands.one_line import errors_in_one_line
from sharpfit.commands.target import check_target
from sharpfit.errors import InputError
from sharpfit.study import paths
from sharpfit.study.streams import say

Scan = Annotated[str, typer.Argument(help="Name of a scan in params.yaml, preprocessed already.")]
Name = Annotated[str, typer.Option(help="Class of torch.optim.")]
Start = Annotated[str, typer.Option(help="zero or zero_filled, as the regime will say.")]
Plot = Annotated[Path, typer.Option(help="PNG file to draw the test into.")]


def lr_find(
    scan: Scan, optimizer: Name = "Adam", start: Start = "zero", plot: Plot = Path("lr-find.png")
) -> None:
    """Raise the learning rate step by step and say where the loss falls fastest.

    It is the rate that a regime of this optimizer with `lr: auto` takes on this scan, from this start, where
    it states neither other arguments of the optimizer (momentum, betas …) nor a basis.

    Example: sharpfit lr-find head_r4 --optimizer NAdam
    """
    import torch

    from sharpfit.fitting.lr_range import range_test_of
    from sharpfit.fitting.reconstruct import problem_of
    from sharpfit.fitting.regimes import OPTIMIZERS
    from sharpfit.reporting.lr_picture import draw_range_test
    from sharpfit.results.hdf5 import opened

    with errors_in_one_line():
        if optimizer not in OPTIMIZERS or start not in ("zero", "zero_filled"):
            raise InputError(f"{optimizer} from {start}: choose {', '.join(OPTIMIZERS)}; zero or zero_filled")
        check_target(plot, ".png")
        file = Path(paths.preprocessed(scan))
        if not file.is_file():
            raise InputError(f"{file}: no such scan; run `snakemake --cores all preprocessed` first")
        with opened(file) as content:
            if "support" not in content:
                raise InputError(
                    f"{file} was made by an older version; run `snakemake --cores all preprocessed`"
                )
            problem = problem_of(
                content, content.attrs, {}, {"n_replicas": 1, "seed": 0}, torch.device("cpu")
            )
        test = range_test_of(problem, {"name": optimizer}, problem.start(start))
        draw_range_test(test, f"{scan}, {optimizer} from {start.replace('_', '-')}", plot)
        say(f"lr: {test.found:.3g}  (drawn in {plot})")

"""Any command line as a solver: k-space and maps go out as BART files, an image comes back.

What it computes need not be an iteration: every value of one placeholder gives one image, and the judge picks
among them. Its measures need only that x(·) is one map from data to image, for every replica the same one.
"""

from __future__ import annotations

import logging
import shlex
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sharpfit.errors import InputError
from sharpfit.files.cfl import write_cfl
from sharpfit.files.readers import bart
from sharpfit.fitting.acquired import Acquired, same_numbers
from sharpfit.fitting.command_line import FILES, CommandLine
from sharpfit.fitting.solving import Objective
from sharpfit.physics.norms import inner, item_axes, spread_over

_LOG = logging.getLogger(__name__)


def make(objective: Objective, start: Tensor, /, *, command: str, **values: float | list[float]) -> Command:
    """Prepare a command for every item and slice of ``start``, (item, slice, y, x).

    Parameters
    ----------
    objective
        with the data as a command reads them
    start
        what the fit shows before the first command ran
    command
        the line, see :class:`.CommandLine`
    values
        of its placeholders
    """
    return Command(objective, start, CommandLine(command, values))


class Command:
    """Step t replaces every item by the image that the command with the t-th value makes of its data."""

    lr = float("nan")
    pace = 1.0

    def __init__(self, objective: Objective, start: Tensor, line: CommandLine) -> None:
        assert objective.plain is not None
        self.c = start.detach().clone()
        self._gram, self._plain, self._line = objective.gram, objective.plain, line
        self._done = 0

    def step(self, gradient: Tensor, _loss: Tensor) -> None:
        """Run the next command on the data of every item.

        Raises
        ------
        InputError
            the program is not there, fails, writes no image of this shape, or two images of the same data
        """
        _check_shape(self._line.program, self.c.shape[-2:])
        n_items, n_slices = self.c.shape[:2]
        images = torch.stack(
            [torch.stack([self._image(item, i) for i in range(n_slices)]) for item in range(n_items)]
        )
        if self._done == 0 and not same_numbers(images[0, 0], self._image(0, 0)):
            raise InputError(
                f"`{shlex.join(self._line.program)}` makes two images of the same data, so replicas would "
                "differ by more than their noise; fix its seed, and let it compute in one thread"
            )
        x = self._plain.stage(images)
        back_projection = self._gram(self.c) - gradient  # Aᴴy
        turned = inner(x, back_projection, item_axes(x)) < 0  # bart pics does, where a side is 2, 6, 10, …
        self.c.copy_(torch.where(spread_over(turned, x), -x, x))
        self._done += 1

    def weights_at(self, iterations: Sequence[int]) -> list[float]:
        """Return the weight that each image was made with; empty where the commands differ otherwise."""
        weights = self._line.weights
        return [np.nan, *(weights[t - 1] for t in iterations[1:])] if weights else []

    def _image(self, item: int, i: int) -> Tensor:
        acquired = self._plain.acquired(item, i)
        with tempfile.TemporaryDirectory(prefix="sharpfit-") as folder:
            files = {name: str(Path(folder, name)) for name in FILES}
            _write(files, acquired)
            words = self._line.words(self._done, files, self._plain.sigma)
            _run(words)
            image = _read(Path(files["image"]), acquired.csm.shape[1:], shlex.join(words))
        return torch.from_numpy(image).to(self.c.device)

    def state_dict(self) -> dict[str, Any]:
        """Return the images, and how many commands have run."""
        return {"c": self.c, "done": self._done}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the state of another instance."""
        self.c.copy_(state["c"])
        self._done = state["done"]


def _check_shape(program: tuple[str, ...], shape: tuple[int, ...]) -> None:
    """Refuse odd sides to `bart pics`, whose images then stand a pixel beside their maps (seen with 0.8)."""
    if (Path(program[0]).name, *program[1:]) == ("bart", "pics") and any(side % 2 for side in shape):
        raise InputError(
            f"`bart pics` moves images with an odd side, here {sorted(shape)}, by a pixel against their "
            "maps; take a matrix with even sides"
        )


def _write(files: Mapping[str, str], acquired: Acquired) -> None:
    """Write k-space and maps with BART's axes: (ky, kx, 1, coil) and (y, x, 1, coil)."""
    for name, array in (("kspace", acquired.kspace), ("maps", acquired.csm)):
        write_cfl(Path(files[name]), array.cpu().numpy().transpose(1, 2, 0)[:, :, None, :])


def _run(words: list[str]) -> None:
    shown = shlex.join(words)
    try:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
    except OSError as error:
        raise InputError(f"`{shown}` cannot be run: {error.strerror}") from error
    if done.returncode:
        _LOG.warning(done.stdout.decode(errors="replace"))
        raise InputError(
            f"`{shown}` ended with status {done.returncode}; what it said stands above in this log"
        )


def _read(path: Path, shape: tuple[int, ...], shown: str) -> np.ndarray:
    """Read the image (y, x) that a command wrote."""
    try:
        image = bart.read(path.with_suffix(".hdr"), None).values
    except InputError as error:
        raise InputError(f"`{shown}` wrote no image: {error}") from error
    if image.shape != shape:
        raise InputError(f"`{shown}` wrote an image of shape {image.shape}, but the scan's is {tuple(shape)}")
    return image

"""sharpfit from Python: open a study, read its fits, judge a trajectory again, plot.

    import sharpfit

    study = sharpfit.open_study("path/to/study")
    study.rows()                                  # a dataclass per fit; pandas.DataFrame(study.rows()) works
    fit = study.fit("head_r4/warmup_cosine")
    fit.evaluation.verdict, fit.evaluation.picked.chi2
    fit.picked_image()                            # complex64 (slice, y, x), input units
    sharpfit.plot(fit).savefig("warmup.png")

The names here are the package's too. Nothing is computed or changed by opening and reading, and no job
imports this module.
"""

import warnings
from collections.abc import Callable, Mapping
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from sharpfit.errors import InputError, StaleResultsWarning
from sharpfit.judging.evaluate import JudgedFit, evaluate
from sharpfit.judging.record import Record
from sharpfit.judging.weight_choice import by_weight
from sharpfit.provenance.standing import standing
from sharpfit.reporting.grey import grey_window
from sharpfit.results import handed_in
from sharpfit.results.evaluation import Evaluation
from sharpfit.results.evaluation_file import read_evaluation
from sharpfit.results.history import read_history
from sharpfit.results.reconstruction_file import images_of, read_image, read_record
from sharpfit.results.scan_file import Scan, read_noise, read_reference, read_scan
from sharpfit.results.summary_file import SummaryRow, row
from sharpfit.study import paths
from sharpfit.study.judged import judged
from sharpfit.study.names import hint

__all__ = ["Fit", "Study", "judge", "open_study", "plot"]


@dataclass(frozen=True)
class Fit:
    """One fit of a study, read from its files when asked.

    Attributes
    ----------
    folder
        the study's
    name
        scan/regime
    """

    folder: str | Path
    name: str

    @property
    def evaluation(self) -> Evaluation:
        """Verdict, cause, evidence, advice, and the figures at the picked and the last iteration."""
        return read_evaluation(self._file(paths.evaluated(*self._names)))

    @property
    def scan(self) -> Scan:
        """What is told of the scan: noise level, acceleration, where maps and mask come from."""
        return read_scan(self._scan_file)

    @property
    def history(self) -> dict[str, np.ndarray]:
        """Loss, held-out residual, learning rate and more, each (iteration,)."""
        return read_history(self._history)

    def record(self) -> Record:
        """Return everything that was measured along the trajectory, as the judge takes it."""
        return read_record(self._reconstruction, self._history)

    def image(self, checkpoint: int) -> np.ndarray:
        """Return the image of a checkpoint, complex64 (slice, y, x), input units; -1 is the last one.

        Raises
        ------
        InputError
            the fit has no such checkpoint
        """
        n = len(self.evaluation.trajectory.iteration)
        if not isinstance(checkpoint, int | np.integer) or not -n <= checkpoint < n:
            raise InputError(
                f"{self.name} has no image {checkpoint!r}: its checkpoints are 0 to {n - 1}, -1 the last"
            )
        return read_image(self._reconstruction, int(checkpoint))

    def picked_image(self) -> np.ndarray:
        """Return the image at the iteration where the judge would stop, as `image`."""
        evaluation = self.evaluation
        at = np.abs(evaluation.trajectory.iteration - evaluation.picked_iteration)
        return read_image(self._reconstruction, int(np.argmin(at)))

    def judge(self) -> JudgedFit:
        """Judge the recorded trajectory again with the code that is installed."""
        noise, reference = read_noise(self._scan_file), read_reference(self._scan_file)
        with images_of(self._reconstruction) as image_at:
            return evaluate(self.record(), image_at, reference, noise)

    @property
    def _names(self) -> tuple[str, str]:
        scan, _, regime = self.name.partition("/")
        return scan, regime

    @property
    def _scan_file(self) -> Path:
        return self._file(paths.preprocessed(self._names[0]))

    @property
    def _reconstruction(self) -> Path:
        return self._file(paths.reconstructed(*self._names))

    @property
    def _history(self) -> Path:
        return self._file(paths.reconstructed(*self._names, "history.csv"))

    def _file(self, place: str | Path) -> Path:
        return Path(self.folder) / place


@dataclass(frozen=True)
class Study:
    """A study's results.

    Attributes
    ----------
    folder
        the one with params.yaml and results/
    fits
        all judged fits that params.yaml asks for, by name; all there are where there is no such file
    stale
        names of those that params.yaml, the code or the data give otherwise now, and why in a few words; None
        where that cannot be told: there is no params.yaml, or something that it names is missing
    left_over
        names of those that are in params.yaml no more; `fit` gives them too
    """

    folder: Path
    fits: tuple[Fit, ...]
    stale: Mapping[str, str] | None = None
    left_over: tuple[str, ...] = ()

    def fit(self, name: str) -> Fit:
        """Return the fit called scan/regime; InputError names the nearest one where there is none."""
        names = [*(fit.name for fit in self.fits), *self.left_over]
        if name not in names:
            raise InputError(f"no judged fit is called {name}; {hint(str(name), names)}")
        return Fit(self.folder, name)

    def rows(self) -> list[SummaryRow]:
        """Return the summary: one dataclass per fit, in the order of `fits`."""
        return [row(fit.evaluation) for fit in self.fits]


def open_study(folder: str | Path = ".") -> Study:
    """Open the results of a study's folder, and hold them against its params.yaml, where there is one.

    For the time of that, the folder is the current one of the process.

    Raises
    ------
    InputError
        when nothing was judged there

    Warns
    -----
    sharpfit.errors.StaleResultsWarning
        when some results are stale, are in params.yaml no more, or this cannot be told
    """
    root = Path(folder)
    there = judged(root / paths.RESULTS)
    if not there.all:
        raise InputError(f"nothing was judged in {root.resolve()} yet: run `snakemake --cores all` there")
    with chdir(root):
        found = standing(there.all)
    for line in found.lines():
        warnings.warn(line, StaleResultsWarning, stacklevel=2)
    return Study(root, tuple(Fit(root, name) for name in there.asked), found.stale, tuple(there.left_over))


def judge(
    record: Record,
    image_at: Callable[[int], np.ndarray],
    scan_file: str | Path,
    *,
    use_reference: bool = True,
) -> JudgedFit:
    """Judge a recorded trajectory, as the judge that is installed sees it.

    A record holds what only replicas of the data tell (variances, degrees of freedom, correlations), so it is
    read and not made by hand: a regime with ``solver: {file: …}`` fits them with a solver of your own, and
    `Fit.record` is what that left.

    Parameters
    ----------
    record
        what was measured along it, `Fit.record`
    image_at
        maps a checkpoint to its image (slice, y, x), input units
    scan_file
        results/preprocess/<scan>.h5 that it was fitted to
    use_reference
        whether the images are compared with the scan's reference, where it has one

    Raises
    ------
    InputError
        the record is none, or not of this scan; an image has another shape than the reference
    """
    file = Path(scan_file)
    handed_in.check(record, file)
    reference = read_reference(file) if use_reference else None
    if reference is not None:
        image_at = handed_in.checked(image_at, reference.image.shape)
    return evaluate(record, image_at, reference, read_noise(file))


def plot(fit: Fit) -> Figure:
    """Draw the picked and the last image on one grey scale, and loss and J along the fit.

    Of a path of weights the image of the smallest weight stands in the place of the last, and the curves are
    drawn over the weights.
    """
    evaluation = fit.evaluation
    weights = np.array(evaluation.weights or [np.nan] * len(evaluation.trajectory.iteration), float)
    second, name = (int(np.nanargmin(weights)), "smallest") if evaluation.weight else (-1, "last")
    picked, other = (image[len(image) // 2] for image in (fit.picked_image(), fit.image(second)))
    figure = Figure(figsize=(11, 3.6), layout="constrained")
    left, middle, right = figure.subplots(1, 3, width_ratios=[1, 1, 1.4])
    white = grey_window(picked)
    for axes, image, title in (
        (left, picked, f"picked, {evaluation.picked_at}"),
        (middle, other, f"{name}, {evaluation.at(second)}"),
    ):
        axes.imshow(np.abs(image), cmap="gray", vmin=0, vmax=white)
        axes.set_title(title)
        axes.set_axis_off()
    along, history = evaluation.trajectory, fit.history
    if evaluation.weight is not None:
        order = by_weight(weights)
        x, at = weights[order], evaluation.weight.weight
        right.loglog(x, along.chi2[order], label="loss χ²")
        right.set_xlabel("weight in noise σ")
    else:
        order, x, at = np.arange(len(weights)), along.iteration + 1, evaluation.picked_iteration + 1
        right.loglog(history["iteration"] + 1, history["chi2"], label="loss χ²")
        right.set_xlabel("iteration + 1")
    risk = along.risk[order]
    if (risk > 0).any():
        right.loglog(x[risk > 0], risk[risk > 0] / risk[risk > 0].min(), label="J / its minimum")
    right.axvline(at, color="black", linewidth=1, label="picked")
    right.legend()
    figure.suptitle(f"{fit.name}: {evaluation.verdict}")
    return figure

"""Whatever shows results says which of them an edit has made stale, and which are in params.yaml no more."""

import shutil
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from phantom_study import build_phantom, params
from scratch import Scratch

from sharpfit import api
from sharpfit.errors import StaleResultsWarning

pytestmark = [pytest.mark.workflow, pytest.mark.slow]
SHARPFIT = (sys.executable, "-c", "from sharpfit.cli import app; app()")
PARAMS = params(
    {
        "constant": {"optimizer": {"name": "Adam", "lr": 0.01}, "start": "zero", "n_iterations": 8},
        "plain": {"optimizer": {"name": "SGD", "lr": 1.0}, "start": "zero", "n_iterations": 8},
    }
)
STALE = (
    "stale: phantom/constant (regimes.constant.optimizer.lr: 0.01 → 0.02); what is shown was made before. "
    "Run `snakemake --cores all`, or see `sharpfit why`"
)
LEFT_OVER = "no longer in params.yaml: phantom/constant, phantom/plain; delete what you do not need"


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory, warm: Path) -> Scratch:
    study = build_phantom(tmp_path_factory.mktemp("computed") / "study", warm, PARAMS)
    study.snakemake()
    shutil.copytree(study.root / "results", study.root / "before")
    return study


@pytest.fixture
def study(computed: Scratch) -> Iterator[Scratch]:
    """The computed study, whose params.yaml may be edited."""
    yield computed
    (computed.root / "params.yaml").write_text(PARAMS)


def last_line(study: Scratch, *words: str) -> str:
    return study.call(*SHARPFIT, *words).stdout.splitlines()[-1]


def rename_the_scan(study: Scratch) -> None:
    study.edit("scans", {"renamed": study.params()["scans"]["phantom"]})


@pytest.mark.parametrize(
    "words",
    [
        ("show",),
        ("show", "phantom"),
        ("show", "phantom/constant"),
        ("compare", "before", "workspace"),
        ("compare", ".::*/constant", ".::*/plain"),
    ],
)
def test_what_an_edit_made_stale_is_named_below_the_figures(study: Scratch, words: tuple[str, ...]) -> None:
    assert "stale" not in study.call(*SHARPFIT, *words, ok=False).stdout
    study.edit("regimes.constant.optimizer.lr", 0.02)
    assert study.call(*SHARPFIT, *words, ok=False).stdout.splitlines()[-1] == STALE


def test_fits_that_the_edit_did_not_touch_are_shown_in_silence(study: Scratch) -> None:
    study.edit("regimes.constant.optimizer.lr", 0.02)
    assert "stale" not in study.call(*SHARPFIT, "show", "phantom/plain").stdout
    assert "stale" not in study.call(*SHARPFIT, "compare", "before", "before").stdout


def test_results_of_a_scan_that_was_renamed_are_called_so(study: Scratch) -> None:
    rename_the_scan(study)
    assert last_line(study, "show") == LEFT_OVER
    assert last_line(study, "compare", "before", "workspace") == LEFT_OVER


def test_python_warns_and_tells_programs(study: Scratch) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert api.open_study(study.root).stale == {}
    study.edit("regimes.constant.optimizer.lr", 0.02)
    with pytest.warns(StaleResultsWarning) as said:
        opened = api.open_study(study.root)
    assert [str(one.message) for one in said] == [STALE]
    assert opened.stale == {"phantom/constant": "regimes.constant.optimizer.lr: 0.01 → 0.02"}
    rename_the_scan(study)
    with pytest.warns(StaleResultsWarning, match=f"^{LEFT_OVER}$"):
        assert api.open_study(study.root).left_over == ("phantom/constant", "phantom/plain")


def test_results_of_which_nobody_can_tell_are_shown_and_that_is_said(study: Scratch) -> None:
    (study.root / "params.yaml").write_text("scans: [")
    assert last_line(study, "show").startswith("whether these results are current is not known: params.yaml")
    with pytest.warns(StaleResultsWarning, match="is not known: params.yaml"):
        assert api.open_study(study.root).stale is None


def test_results_without_a_study_are_shown_in_silence(study: Scratch, tmp_path: Path) -> None:
    shutil.copytree(study.root / "results", tmp_path / "results")
    folder = Scratch(tmp_path)
    assert "stale" not in folder.call(*SHARPFIT, "show").stdout
    assert api.open_study(tmp_path).stale is None

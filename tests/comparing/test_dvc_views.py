"""DVC's views of a study, through the repository's own dvc.yaml: plots and metrics, shown and compared."""

import json
import shutil
from pathlib import Path

import pytest
from made_study import make_study
from test_compare_revisions import commit_first, run

from sharpfit.reporting import dvc_views, ranking
from sharpfit.results import summary_file
from sharpfit.results.evaluation_file import read_evaluations

REPOSITORY = Path(__file__).parents[2]
REGIMES = ("gradient_descent", "warmup", "of_any_name", "on_a_path")

pytestmark = [pytest.mark.workflow, pytest.mark.slow]


def finish(root):
    """Write what the last rules of a run write, as far as DVC looks at it."""
    files = sorted(root.glob("results/evaluate/*/*/evaluation.json"))
    evaluations = read_evaluations(files)
    summary_file.write_json(root / "results/summary.json", evaluations)
    summary_file.write_csv(root / "results/summary.csv", evaluations, ranking.places(evaluations))
    for name in ("summary.csv.prov.json", "report.html", "report.html.prov.json"):
        (root / "results" / name).write_text("{}")
    dvc_views.write_metrics(root / "results/metrics.json", evaluations)
    shutil.rmtree(root / "results/plots", ignore_errors=True)
    dvc_views.write_plots(root / "results/plots", evaluations, [file.parent / "picked.h5" for file in files])


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """A committed study, and a workspace in which the best fit became another."""
    root = make_study(tmp_path_factory.mktemp("repository"), regimes=REGIMES, size=16, paths=("on_a_path",))
    (root / "data/simulated").mkdir(parents=True)
    (root / "data/raw").mkdir()
    (root / "results/export").mkdir(exist_ok=True)
    shutil.copytree(REPOSITORY / "workflow", root / "workflow", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("dvc.yaml", "params.yaml", "Snakefile", ".gitignore"):
        shutil.copy(REPOSITORY / name, root)
    finish(root)
    commit_first(root)
    file = root / "results/evaluate/phantom_r2/gradient_descent/evaluation.json"
    content = json.loads(file.read_text()) | {"verdict": "sharper", "picked_iteration": 60}
    content["picked"] |= {"risk": 5.0, "surrogate_distance": 5.0}
    file.write_text(json.dumps(content))
    finish(root)
    return root


def test_curves_and_images_of_every_scan_are_drawn_whatever_its_regimes_are_called(repository):
    done = run("dvc", "plots", "show", "--json", cwd=repository)
    plots = json.loads(done.stdout)["data"]
    drawn = {f"{scan}/{name}.png" for scan in ("phantom_r2", "head_r4") for name in ("curves", "picked")}
    assert set(plots) == {f"results/plots/{name}" for name in drawn}
    assert "fail" not in done.stderr.lower()


def test_curves_and_images_of_two_revisions_stand_side_by_side_without_a_network(repository):
    run("dvc", "plots", "diff", "HEAD", "-o", "shown", cwd=repository)
    page = (repository / "shown/index.html").read_text()
    assert "<script" not in page
    for name in ("curves", "picked"):
        changed = [
            path for path in (repository / "shown/static").iterdir() if f"phantom_r2_{name}" in path.name
        ]
        assert {path.name.split("_")[0] for path in changed} == {"HEAD", "workspace"}
        assert len({path.read_bytes() for path in changed}) == 2


def test_metrics_are_few_enough_for_a_terminal_and_named_as_people_would(repository):
    shown = run("dvc", "metrics", "show", cwd=repository).stdout
    assert max(map(len, shown.splitlines())) <= 80
    metrics = json.loads((repository / "results/metrics.json").read_text())
    assert {name: list(scans) for name, scans in metrics.items()} == {
        "nrmse": ["phantom_r2"],
        "held_out": ["head_r4"],  # there is no reference
    }
    rows = run("dvc", "metrics", "diff", "--md", cwd=repository).stdout.splitlines()[2:]
    assert [row.split("|")[2].strip() for row in rows if row] == ["nrmse.phantom_r2"]


def test_every_number_of_every_fit_is_still_to_be_had(repository):
    target = ("--targets", "results/summary.json")
    rows = run("dvc", "metrics", "diff", "--md", *target, cwd=repository).stdout.splitlines()[2:]
    assert [row.split("|")[2].strip() for row in rows if row] == [
        "phantom_r2.gradient_descent.stop_at",
        "phantom_r2.gradient_descent.verdict",
    ]

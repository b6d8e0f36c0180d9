"""DVC's views of a study, through the repository's own dvc.yaml: plots and metrics, shown and compared."""

import json
import shutil
from pathlib import Path

import pytest
from made_study import make_study
from test_compare_revisions import commit_first, run

from sharpfit.reporting import figures
from sharpfit.results import summary_file
from sharpfit.results.evaluation_file import read_evaluations

REPOSITORY = Path(__file__).parents[2]
REGIMES = (
    "gradient_descent",
    "constant",
    "exponential_099",
    "exponential_09",
    "warmup_cosine",
    "cg",
    "wavelet",
    "total_variation",
    "smooth_phase",
)

pytestmark = [pytest.mark.workflow, pytest.mark.slow]


def finish(root):
    """Write what the last rules of a run write, as far as DVC looks at it."""
    evaluations = read_evaluations(sorted(root.glob("results/evaluate/*/*/evaluation.json")))
    summary_file.write_json(root / "results/summary.json", evaluations)
    summary_file.write_csv(root / "results/summary.csv", evaluations)
    for name in ("summary.csv.prov.json", "report.html", "report.html.prov.json"):
        (root / "results" / name).write_text("{}")
    for evaluation in evaluations:
        folder = root / "results/evaluate" / evaluation.scan / evaluation.regime / "figures"
        folder.mkdir(exist_ok=True)
        shade = [[evaluation.picked.risk, 1.0]]
        figures.save_picture(folder / "images.png", figures.np.array(shade), white=10.0)


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """A committed study, and a workspace in which one regime's fit became another."""
    root = make_study(tmp_path_factory.mktemp("repository"), regimes=REGIMES, size=16)
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
    content["picked"]["risk"] = 5.0
    file.write_text(json.dumps(content))
    history = root / "results/reconstruct/phantom_r2/gradient_descent/history.csv"
    history.write_text(history.read_text().replace(",0.95", ",1.95"))
    finish(root)
    return root


def test_every_plot_of_the_default_study_is_drawn(repository):
    done = run("dvc", "plots", "show", "--json", cwd=repository)
    plots = json.loads(done.stdout)["data"]
    named = (REPOSITORY / "dvc.yaml").read_text().count("images.png")
    assert sum(name.endswith("images.png") for name in plots) == named > 0
    curves = [name for name in plots if name.startswith(("phantom_r2", "head_r4"))]
    assert len(curves) == 4
    assert "fail" not in done.stderr.lower()


def test_curves_and_images_of_two_revisions_stand_side_by_side(repository):
    done = run("dvc", "plots", "diff", "HEAD", "--json", cwd=repository)
    plots = json.loads(done.stdout)["data"]
    image = plots["results/evaluate/phantom_r2/gradient_descent/figures/images.png"]
    assert {revision for one in image for revision in one["revisions"]} == {"HEAD", "workspace"}
    assert {one["type"] for one in plots["phantom_r2 loss"]} == {"vega"}


def test_metrics_that_changed_are_few_and_named_as_people_would(repository):
    shown = json.loads(run("dvc", "metrics", "show", "--json", cwd=repository).stdout)
    fit = shown[""]["data"]["results/summary.json"]["data"]["phantom_r2"]["warmup_cosine"]
    assert set(fit) == {"verdict", "stop_at", "held_out", "nrmse"}
    rows = run("dvc", "metrics", "diff", "--md", cwd=repository).stdout.splitlines()[2:]
    assert [row.split("|")[2].strip() for row in rows if row] == [
        "phantom_r2.gradient_descent.stop_at",
        "phantom_r2.gradient_descent.verdict",
    ]

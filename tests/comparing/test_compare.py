"""Comparing results: differences in the making, and better or worse only beyond the uncertainty."""

import json
import shutil

import h5py
import pytest
from made_study import make_study, write_sidecars
from typer.testing import CliRunner

from sharpfit.cli import app
from sharpfit.comparing import outcome, sources
from sharpfit.errors import InputError

EVALUATION = "results/evaluate/phantom_r2/warmup/evaluation.json"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_study(tmp_path_factory.mktemp("made"), size=16)


@pytest.fixture
def two(made, tmp_path):
    """Two copies of one study."""
    for name in "ab":
        shutil.copytree(made, tmp_path / name)
    return tmp_path / "a", tmp_path / "b"


def sharpfit(*words):
    return CliRunner().invoke(app, ["compare", *map(str, words)])


def edit(file, picked=None, **values):
    """Change an evaluation; where its J changes, so does its distance from the surrogate."""
    content = json.loads(file.read_text())
    known = content["picked"]
    distance = (picked or {}).get("risk", known["surrogate_distance"])
    content["picked"] = {**known, "surrogate_distance": distance, **(picked or {})}
    file.write_text(json.dumps(content | values))


def new_image(root, scan="phantom_r2", regime="warmup", factor=1.1):
    """Make the fit anew, with another picked image and other bytes of the reconstruction."""
    with h5py.File(root / f"results/evaluate/{scan}/{regime}/picked.h5", "a") as file:
        file["image"][...] = file["image"][...] * factor
    with h5py.File(root / f"results/reconstruct/{scan}/{regime}/reconstruction.h5", "a") as file:
        file.attrs["changed"] = factor
    write_sidecars(root, scan, regime)


def found(*folders):
    """Return {(scan, regime): pair} of the second folder against the first."""
    opened = [
        sources.open_source(letter, str(folder), folder) for letter, folder in zip("AB", folders, strict=True)
    ]
    return {(pair.scan, pair.regime): pair for pair in outcome.compare_sources(opened).pairs}


def test_copies_are_identical(two):
    result = sharpfit(*two)
    assert result.exit_code == 0, result.output
    assert "4 identical" in result.output
    assert "nothing that is recorded" in result.output


@pytest.mark.parametrize(
    ("risk", "status", "code"),
    [(1.9, "better", 0), (2.1, "worse", 1), (1.95, "no real difference", 0), (2.05, "no real difference", 0)],
)
def test_better_and_worse_are_beyond_two_standard_errors(two, risk, status, code):
    new_image(two[1])
    apart = 0.02 * (1 + 2**0.5)  # the draws differ by √2 · 0.02, the standard error of two of 0.02
    edit(two[1] / EVALUATION, picked={"risk": risk}, risk_noise=[apart, -apart])  # A's risk is 2
    result = sharpfit(*two)
    assert f"phantom_r2 warmup {status} " in " ".join(result.output.split())
    assert "± 0.057" in result.output
    assert result.exit_code == code


def test_without_uncertainty_the_reference_decides_by_a_stated_tolerance(two):
    new_image(two[1])
    for root, nrmse in zip(two, (0.200, 0.203), strict=True):
        edit(root / EVALUATION, picked={"nrmse": nrmse}, risk_noise=[])
    pair = found(*two)["phantom_r2", "warmup"]
    assert (pair.status, pair.measure, pair.margin) == ("worse", "NRMSE", pytest.approx(0.002))
    edit(two[1] / EVALUATION, picked={"nrmse": 0.2015})
    assert found(*two)["phantom_r2", "warmup"].status == "no real difference"


def test_images_that_differ_by_rounding_are_equal(two):
    new_image(two[1], factor=1 + 1e-5)
    edit(two[1] / EVALUATION, picked={"risk": 9.0})
    assert found(*two)["phantom_r2", "warmup"].status == "equal"


def test_more_sides_than_letters_are_refused(two):
    result = sharpfit(*[two[0]] * 27)
    assert result.exit_code == 2
    assert "27 sources: at most 26 can be compared at once" in result.output


def test_the_count_comes_first_then_what_differs_in_the_making_then_the_fits(two):
    new_image(two[1])
    write_sidecars(two[1], "phantom_r2", "warmup", lr=0.02)
    edit(two[1] / EVALUATION, picked={"risk": 9.0}, verdict="sharper")
    output = sharpfit(*two).output
    line = "regimes.warmup.optimizer.lr: 0.01 → 0.02"
    count = "B against A: 1 worse, 3 identical, 1 with another verdict."
    assert output.index(count) < output.index(line) < output.index("over-fitting → sharper")
    assert output.count(line) == 1
    assert "gradient_descent" not in output
    assert "said of the picked image" in output


def test_any_change_can_fail_a_pipeline(two):
    assert sharpfit(*two, "--fail-on-change").exit_code == 0
    new_image(two[1])
    edit(two[1] / EVALUATION, picked={"risk": 0.1})
    assert sharpfit(*two).exit_code == 0
    assert sharpfit(*two, "--fail-on-change").exit_code == 1


def test_a_fit_of_a_scan_that_was_prepared_anew_since_is_not_compared(two):
    scan = "results/preprocess/head_r4.h5"
    file = two[1] / "results/reconstruct/head_r4/warmup/reconstruction.h5.prov.json"
    before = json.loads(file.read_text())
    file.write_text(json.dumps(before | {"upstream": {scan: "0" * 64}}))
    told = sharpfit(*two).output
    assert f"head_r4/warmup was made from another {scan} than lies there now" in told
    whole = json.loads((two[1] / f"{scan}.prov.json").read_text())["results"][scan]
    file.write_text(json.dumps(before | {"upstream": {scan: whole}}))
    assert "was made from another" not in sharpfit(*two).output


def test_results_of_different_data_are_not_compared(two):
    for regime in ("gradient_descent", "warmup"):
        write_sidecars(two[1], "head_r4", regime, raw="s" * 64)
    result = sharpfit(*two)
    assert result.output.count("made from different data") == 2
    assert "head_r4: rrrrrrrrrr → ssssssssss" in result.output
    assert result.exit_code == 2
    assert sharpfit(*two, "--fail-on", "worse").exit_code == 0


def test_without_sidecars_only_the_same_preprocessed_scan_shows_the_data_are_the_same(two):
    for file in two[1].rglob("*.prov.json"):
        file.unlink()
    assert found(*two)["head_r4", "warmup"].status == "identical"
    with h5py.File(two[1] / "results/preprocess/head_r4.h5", "a") as file:
        file.attrs["sigma"] = 3.0
    assert found(*two)["head_r4", "warmup"].status == "not comparable"
    assert "preprocess sidecars: – → missing" in sharpfit(*two).output


def test_studies_may_differ_in_scans_and_regimes(two):
    shutil.rmtree(two[1] / "results/evaluate/head_r4")
    shutil.rmtree(two[0] / "results/evaluate/phantom_r2/warmup")
    pairs = found(*two)
    assert pairs["head_r4", "warmup"].note == "missing in B"
    assert pairs["phantom_r2", "warmup"].note == "missing in A"
    assert pairs["phantom_r2", "gradient_descent"].status == "identical"
    assert sharpfit(*two).exit_code == 0


def test_nothing_in_common_is_not_comparable(tmp_path):
    for name, scan in (("a", "one"), ("b", "two")):
        make_study(tmp_path / name, (scan,), ("warmup",), size=16)
    result = sharpfit(tmp_path / "a", tmp_path / "b", "--fail-on", "worse")
    assert result.exit_code == 2
    assert "no fit in common" in result.output
    assert "not told, since no fit is on both sides" in result.output
    assert "nothing that is recorded" not in result.output


def test_regimes_meet_across_their_names(made, monkeypatch):
    monkeypatch.chdir(made)
    result = sharpfit("workspace::*/gradient_descent", ".::*/warmup")
    assert "gradient_descent → warmup worse J 1 → 2" in " ".join(result.output.split())
    assert result.exit_code == 1


def test_json_says_the_same(two):
    new_image(two[1])
    edit(two[1] / EVALUATION, picked={"risk": 5.0})
    result = sharpfit(*two, "--json")
    content = json.loads(result.output)
    assert content["exit_status"] == result.exit_code == 1
    statuses = {(p["scan"], p["regime"]): p["status"] for p in content["others"][0]["results"]}
    assert statuses["phantom_r2", "warmup"] == "worse"


def test_three_sides_stand_against_the_first(two, made):
    result = sharpfit(made, *two)
    assert result.output.count("4 identical") == 2
    assert "C against A: 4 identical." in result.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["."], "two sources"),
        ([".", ".::x/y"], "no fit matches x/y"),
        (["phantom_r2/warmup", "."], "is a fit of this study; write workspace::phantom_r2/warmup"),
        ([".", ".", "--fail-on", "no"], "--fail-on"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(made, monkeypatch, words, message):
    monkeypatch.chdir(made)
    result = sharpfit(*words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_results_folder_stands_for_its_study_whatever_it_is_called(made, tmp_path):
    shutil.copytree(made / "results", tmp_path / "before")
    result = sharpfit(tmp_path / "before", made, made / "results")
    assert result.exit_code == 0
    assert result.output.count("4 identical") == 2


def test_an_empty_folder_is_named(tmp_path):
    with pytest.raises(InputError, match="no judged fit"):
        sources.open_source("A", str(tmp_path), tmp_path)


def test_the_page_holds_both_sides_and_what_differs(two):
    new_image(two[1])
    write_sidecars(two[1], "phantom_r2", "warmup", lr=0.02)
    page = two[0] / "compare.html"
    sharpfit(*two, "--html", page)
    text = page.read_text()
    assert "regimes.warmup.optimizer.lr" in text
    told = [
        "B against A: 1 no real difference, 3 identical",
        "What differs in the making",
        'id="answer"',
        'id="table"',
    ]
    places = [text.index(part) for part in told]
    assert places == sorted(places)
    assert "<td>no real difference</td>" in text
    assert "<td>identical</td>" not in text, "identical ones are counted, not listed"
    assert "B warmup: no real difference; 1 identical." in text
    for label in ("A gradient_descent", "A warmup", "B warmup"):
        assert f"<b>{label}</b>" in text
    assert "<b>B gradient_descent</b>" not in text, "identical results are shown once"
    for of_warmup in (1, 2):  # A's and B's, not the first that stands there
        assert f'<option value="{of_warmup} picked" selected>' in text


DAMAGE = {
    "picked garbage": ("results/evaluate/phantom_r2/warmup/picked.h5", b"garbage"),
    "picked empty": ("results/evaluate/phantom_r2/warmup/picked.h5", b""),
    "reconstruction garbage": ("results/reconstruct/phantom_r2/warmup/reconstruction.h5", b"garbage"),
    "evaluation garbage": (EVALUATION, b"\xff{"),
    "evaluation too deep": (EVALUATION, b"[" * 100_000),
    "evaluation of another shape": (EVALUATION, b"[]"),
    "evaluation of numbers": (EVALUATION, b'{"picked": 3, "last": [], "scan": 1}'),
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("where", ["one side", "both sides"])
def test_a_damaged_result_is_not_comparable_and_neither_identical_nor_worse(two, damage, where):
    file, content = DAMAGE[damage]
    for study in two if where == "both sides" else two[1:]:
        (study / file).write_bytes(content)
    done = sharpfit(*two)
    assert done.exit_code == outcome.NOT_COMPARABLE, done.output
    assert isinstance(done.exception, SystemExit)
    if "evaluation" not in damage:
        assert found(*two)["phantom_r2", "warmup"].status == "not comparable"


def test_an_image_that_lies_elsewhere_is_none(two):
    """A virtual image of itself crashes HDF5's library when it is read."""
    picked = two[1] / "results/evaluate/phantom_r2/warmup/picked.h5"
    with h5py.File(picked, "w") as file:
        layout = h5py.VirtualLayout((1, 16, 16), "c8")
        layout[:] = h5py.VirtualSource(".", "image", (1, 16, 16))
        file.create_virtual_dataset("image", layout)
    write_sidecars(two[1], "phantom_r2", "warmup")
    done = sharpfit(*two)
    assert done.exit_code == outcome.NOT_COMPARABLE, done.output
    assert "picked.h5: image is a virtual dataset, made of others" in done.output


@pytest.mark.parametrize("content", [b"[]", b"\xff", b'{"a": 3}', b"{"])
def test_a_damaged_summary_or_sidecar_spoils_no_comparison(two, content):
    (two[1] / "results/summary.json").write_bytes(content)
    (two[1] / f"{EVALUATION}.prov.json").write_bytes(content)
    done = sharpfit(*two)
    assert done.exit_code == 0, done.output


def test_a_page_of_damaged_results_is_refused_in_one_line(two, tmp_path):
    (two[0] / "results/reconstruct/phantom_r2/warmup/history.csv").write_bytes(b"\xff\0")
    done = sharpfit(*two, "--html", tmp_path / "page.html")
    assert done.exit_code == outcome.NOT_COMPARABLE
    assert done.output.count("\n") == 1

"""The page's bytes and what stands in them; what it does in a browser is tests/test_browser.py."""

import base64
import hashlib
import html
import json
import re

import numpy as np
import pytest
from made_study import ITERATIONS, make_study

from sharpfit.errors import InputError
from sharpfit.reporting.page import build, charts, pictures
from sharpfit.reporting.page.build import write_report
from sharpfit.reporting.page.fits import read_fit
from sharpfit.results.evaluation_file import read_evaluation
from sharpfit.results.scan_file import read_scan

HOSTILE = '"><script>document.title="owned"</script><img src=x onerror=alert(1)>'


def inputs(root):
    """Return write_report's lists of files for a made-up study."""
    evaluations = sorted(root.glob("results/evaluate/*/*/evaluation.json"))
    folders = [root / "results/reconstruct" / file.parts[-3] / file.parts[-2] for file in evaluations]
    return (
        evaluations,
        [folder / "reconstruction.h5" for folder in folders],
        [folder / "history.csv" for folder in folders],
        sorted((root / "results/preprocess").glob("*.h5")),
    )


def page_of(root):
    write_report(root / "report.html", *inputs(root))
    return (root / "report.html").read_text(encoding="utf-8")


def data_of(page):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)[1])


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return make_study(tmp_path_factory.mktemp("study"), size=32)


@pytest.fixture(scope="module")
def page(study):
    return page_of(study)


def test_the_same_results_give_the_same_bytes(study, page):
    assert page_of(study) == page


def test_nothing_is_fetched(page):
    markup = re.sub(r"<script.*?</script>", "", page, flags=re.S)
    assert not re.search(r"""(src|href)\s*=\s*["'](?!data:|\#)""", markup)
    assert not re.search(r"@import|url\(", markup)


def test_only_the_pages_own_scripts_may_run(page):
    policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1])
    scripts = re.findall(r"<script>(.*?)</script>", page, re.S)
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts]
    assert "default-src 'none'" in policy
    assert re.findall(r"'sha256-([^']*)'", policy) == hashes
    assert "unsafe" not in policy.split("script-src")[1]


def test_hostile_names_are_escaped(tmp_path):
    root = make_study(tmp_path, ("a",), ("b",), size=16)
    evaluation = root / "results/evaluate/a/b/evaluation.json"
    hostile = {"regime": HOSTILE, "evidence": HOSTILE, "cause": HOSTILE, "verdict": HOSTILE}
    evaluation.write_text(json.dumps(json.loads(evaluation.read_text()) | hostile))
    page = page_of(root)
    assert HOSTILE not in page
    assert data_of(page)["scans"][0]["fits"][0]["label"] == HOSTILE
    assert page.count("<script>") == page.count("</script>") - 1 == 4


def test_the_answer_comes_first_and_every_fit_has_a_row(page):
    body = page[page.index("<body>") :]
    assert body.index("Best is gradient_descent") < body.index("<table")
    assert body.count('<th scope="row">') == 4


def test_frames_decode_to_the_images_on_one_grey_scale(study, page):
    from io import BytesIO

    from PIL import Image

    data = data_of(page)
    entry = next(one for one in data["scans"] if one["name"] == "phantom_r2")
    scan = read_scan(study / "results/preprocess/phantom_r2.h5")
    evaluations, reconstructions, histories, _ = inputs(study)
    fit = read_fit(
        "gradient_descent", scan, read_evaluation(evaluations[2]), reconstructions[2], histories[2]
    )
    white = pictures.scan_white(scan, [fit])
    frame = entry["fits"][0]["frames"][-1]
    grey = np.asarray(Image.open(BytesIO(base64.b64decode(data["images"][frame["image"]]))))
    expected = np.clip(np.abs(fit.seen.images[-1]) / white, 0, 1) * 255
    assert frame["iteration"] == ITERATIONS[-1]
    assert np.max(np.abs(grey - expected)) <= 0.51
    assert fit.evaluation.nrmse[fit.picked] < fit.evaluation.nrmse[0] == pytest.approx(1)


def test_a_page_of_many_fits_shows_fewer_checkpoints_but_always_start_picked_and_last(
    study, page, monkeypatch
):
    monkeypatch.setattr(build, "PICTURE_BUDGET", 1)
    small = data_of(page_of(study))
    for fit in small["scans"][0]["fits"]:
        assert [frame["iteration"] for frame in fit["frames"]] == [0, 15, 60]
    assert len(data_of(page)["scans"][0]["fits"][0]["frames"]) == len(ITERATIONS)


def test_resolution_is_told_in_pixels_and_millimetres(page):
    layout = data_of(page)["scans"][0]["fits"][0]["charts"]["frc"]["layout"]
    assert layout["annotations"][0]["text"] == "resolution: picked 1.5 px (1.8 mm) · last 1.5 px (1.8 mm)"


def test_a_scan_that_is_not_there_is_named(study):
    evaluations, reconstructions, histories, scans = inputs(study)
    with pytest.raises(InputError, match="phantom_r2"):
        write_report(study / "no.html", evaluations, reconstructions, histories, scans[:1])


def test_several_slices_show_the_middle_one(tmp_path):
    root = make_study(tmp_path, ("a",), ("b",), size=16, n_slices=3)
    page = page_of(root)
    assert "Shown: the middle one of 3 slices" in page
    assert data_of(page)["scans"][0]["fits"][0]["evidence"].endswith(
        "of 3 slices is slice 0 (counted from 0)"
    )


def test_the_radial_spectrum_of_white_noise_is_flat_and_of_its_variance():
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((96, 64)) + 1j * rng.standard_normal((96, 64))
    power = charts.ring_power(noise)
    assert len(power) == 32
    assert power[5:].mean() == pytest.approx(2, rel=0.1)

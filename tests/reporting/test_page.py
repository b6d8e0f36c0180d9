"""The page's bytes and what stands in them; what it does in a browser is tests/test_browser.py."""

import base64
import hashlib
import html
import json
import re
from dataclasses import replace

import h5py
import numpy as np
import pytest
from made_study import ITERATIONS, make_study

from sharpfit.errors import InputError
from sharpfit.reporting import grey
from sharpfit.reporting.page import build, charts, pictures
from sharpfit.reporting.page.build import write_report
from sharpfit.reporting.page.fits import read_fit, tiled
from sharpfit.reporting.page.standing import error_in_words
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
    assert 'value="montage"' in page
    assert data_of(page)["scans"][0]["fits"][0]["evidence"].endswith(
        "of 3 slices is slice 0 (counted from 0)"
    )


def test_the_radial_spectrum_of_white_noise_is_flat_and_of_its_variance():
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((96, 64)) + 1j * rng.standard_normal((96, 64))
    power = charts.ring_power(noise)
    assert len(power) == 32
    assert power[5:].mean() == pytest.approx(2, rel=0.1)


def test_slices_stand_in_one_picture_each_at_its_place():
    slices = np.stack([np.full((2, 3), value) for value in (1.0, 2.0, 3.0)])
    picture = tiled(slices)
    assert picture.shape == (4, 6)
    assert [picture[0, 0], picture[0, 3], picture[2, 0], picture[2, 3]] == [1, 2, 3, 0]


def test_the_best_picture_comes_with_its_last_and_their_difference_and_says_use_this_one(page):
    answer = page[page.index('id="answer"') : page.index('id="table"')]
    assert answer.count('data-standing="use this one"') == 2
    assert answer.count("<figure>") == 6
    assert "|last − picked| × " in answer


def test_an_estimated_error_is_told_in_per_cent_of_the_image_with_two_standard_errors(study):
    evaluations, reconstructions, histories, _ = inputs(study)
    scan = read_scan(study / "results/preprocess/phantom_r2.h5")
    fit = read_fit("warmup", scan, read_evaluation(evaluations[3]), reconstructions[3], histories[3])
    norm = 32 * (1 - np.exp(-15 / 4))  # the made record's
    assert fit.estimated_error == pytest.approx(np.sqrt(2) / norm)
    assert fit.error_uncertainty == pytest.approx(fit.estimated_error * 0.02 / 2)
    assert error_in_words(fit) == f"{100 * np.sqrt(2) / norm:.3g} ± 0.05 %"


def test_errors_are_magnified_as_far_as_none_saturates():
    images = [np.full((8, 8), 0.03), np.full((8, 8), 0.1)]
    assert grey.gain_for(images, 1.0) == 10
    assert grey.gain_for(images, 0.1) == 1
    assert grey.gain_for([np.zeros((4, 4))], 1.0) == 1


def test_a_simulated_scan_is_said_to_be_one(tmp_path):
    root = make_study(tmp_path, ("a",), ("b",), size=16)
    assert "imulated" not in page_of(root)
    with h5py.File(root / "results/preprocess/a.h5", "a") as file:
        file.attrs["reference_source"] = "noise-free k-space combined with the maps of the fit"
    assert "Simulated scan." in page_of(root)


@pytest.mark.slow
def test_a_page_of_fifty_scans_stays_under_fifteen_megabytes(study, tmp_path):
    scan = read_scan(study / "results/preprocess/phantom_r2.h5")
    evaluations, reconstructions, histories, _ = inputs(study)
    rng = np.random.default_rng(0)
    groups = []
    for place in range(50):
        fits = []
        for name in ("one", "two", "three"):
            fit = read_fit(name, scan, read_evaluation(evaluations[3]), reconstructions[3], histories[3])
            shape = (3, 128, 128)
            noise = rng.standard_normal(shape) + 1j * rng.standard_normal(shape)
            seen = replace(
                fit.seen, images=50 * noise, noise_map=abs(noise), iterations=np.array([0, 15, 60])
            )
            fits.append(replace(fit, seen=seen, reference=None))
        groups.append((replace(scan, name=f"scan {place}", reference=None), fits))
    build.write_page(tmp_path / "page.html", "many", groups, {})
    assert (tmp_path / "page.html").stat().st_size < 15e6


def test_a_long_line_keeps_its_first_and_last_point():
    x = np.arange(1000.0)
    line = charts._thinned(charts._line(x, x**2, "name", "black", "solid"))
    assert len(line.x) <= charts.MAX_POINTS
    assert (line.customdata[0], line.customdata[-1], line.y[-1]) == (0, 999, np.float32(999**2))

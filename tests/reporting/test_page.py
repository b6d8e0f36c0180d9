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
from made_page import HOSTILE, decoded, inputs, page_of, rewritten, scans_of, unpacked
from made_study import ITERATIONS, WEIGHTS, made_curves, make_study

from sharpfit.errors import InputError
from sharpfit.reporting import grey
from sharpfit.reporting.digits import three_digits
from sharpfit.reporting.page import budget, charts, drawing, pictures
from sharpfit.reporting.page.build import write_report
from sharpfit.reporting.page.fits import read_fit
from sharpfit.reporting.page.standing import error_in_words
from sharpfit.results.evaluation_file import read_evaluation
from sharpfit.results.scan_file import read_scan


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
    plotly = unpacked(re.search(r'id="plotly">(.*?)</script>', page, re.S)[1])
    scripts = [plotly, *re.findall(r"<script>(.*?)</script>", page, re.S)]
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
    assert scans_of(page)[0]["fits"][0]["label"] == HOSTILE
    packed = page.count('<script type="text/plain"')
    assert (page.count("<script>"), packed, page.count("</script>")) == (5, 2, 7)


def test_the_answer_comes_first_and_every_fit_has_a_row(page):
    body = page[page.index("<body>") :]
    assert body.index("use this one</span> <b>gradient_descent</b>") < body.index("<table")
    assert body.count('<th scope="row">') == 4


def test_the_best_picture_stands_first_and_is_marked(tmp_path):
    root = make_study(tmp_path, ("a",), ("bad", "good", "worst"), size=16)
    for regime, risk in (("bad", 4.0), ("good", 1.0), ("worst", 9.0)):
        file = root / f"results/evaluate/a/{regime}/evaluation.json"
        evaluation = json.loads(file.read_text())
        evaluation["picked"] |= {"risk": risk, "surrogate_distance": risk, "held_out": risk}
        file.write_text(json.dumps(evaluation))
    page = page_of(root)
    table = page[page.index('id="table"') :]
    assert re.findall(r'<th scope="row">a</th><td>(\w+)</td>', table) == ["good", "bad", "worst"]
    figures = re.findall(r'<figure data-fit="(\d)"( class="best")?>', page)
    assert figures == [("1", ' class="best"'), ("0", ""), ("2", "")]
    assert [fit["label"] for fit in scans_of(page)[0]["fits"]] == ["bad", "good", "worst"]


@pytest.mark.parametrize(
    ("paths", "caption"), [((), "picked, iteration 15"), (("tv",), "chosen weight 0.4 σ")]
)
def test_of_the_answers_three_pictures_the_one_to_use_is_marked(tmp_path, paths, caption):
    page = page_of(make_study(tmp_path, ("a",), ("tv",), size=16, paths=paths))
    answer = page[page.index('id="answer"') : page.index('id="table"')]
    (marked,) = re.findall(r'<figure class="best">.*?<figcaption class="say">(.*?)</figcaption>', answer)
    assert marked == caption


def test_frames_decode_to_the_images_on_one_grey_scale(study, page):
    entry = next(one for one in scans_of(page) if one["name"] == "phantom_r2")
    scan = read_scan(study / "results/preprocess/phantom_r2.h5")
    evaluations, reconstructions, histories, _ = inputs(study)
    fit = read_fit(
        "gradient_descent", scan, read_evaluation(evaluations[2]), reconstructions[2], histories[2]
    )
    white = pictures.scan_white(scan, [fit])
    frame = entry["fits"][0]["frames"][-1]
    grey = decoded(entry, frame["image"])
    expected = np.clip(np.abs(fit.seen.images[-1]) / white, 0, 1) * 255
    assert frame["iteration"] == ITERATIONS[-1]
    assert np.max(np.abs(grey - expected)) <= 0.51
    assert fit.evaluation.nrmse[fit.picked] < fit.evaluation.nrmse[0] == pytest.approx(1)


def test_a_page_of_many_fits_shows_fewer_checkpoints_but_always_start_picked_and_last(
    study, page, monkeypatch
):
    monkeypatch.setattr(budget, "PAGE_BYTES", 1)
    for fit in scans_of(page_of(study))[0]["fits"]:
        assert [frame["iteration"] for frame in fit["frames"]] == [0, 15, 60]
    assert len(scans_of(page)[0]["fits"][0]["frames"]) == len(ITERATIONS)


def test_resolution_is_told_in_pixels_and_millimetres(page):
    layout = scans_of(page)[0]["fits"][0]["charts"]["frc"]["layout"]
    assert layout["annotations"][0]["text"] == "resolution: picked 1.5 px (1.8 mm) · last 1.5 px (1.8 mm)"


def test_an_empty_image_has_no_resolution(tmp_path):
    root = make_study(tmp_path, ("one",), ("a",))
    with h5py.File(root / "results/reconstruct/one/a/reconstruction.h5", "r+") as file:
        file["measures/frc"][-1] = np.nan
    layout = scans_of(page_of(root))[0]["fits"][0]["charts"]["frc"]["layout"]
    assert layout["annotations"][0]["text"].endswith("last not known")


def test_a_scan_that_is_not_there_is_named(study):
    evaluations, reconstructions, histories, scans = inputs(study)
    with pytest.raises(InputError, match="phantom_r2"):
        write_report(study / "no.html", evaluations, reconstructions, histories, scans[:1])


def test_every_slice_is_shown_picked_last_and_their_difference(tmp_path):
    root = make_study(tmp_path, ("a",), ("b",), size=16, n_slices=3)
    scan = scans_of(page_of(root))[0]
    fit, white = scan["fits"][0], None
    with h5py.File(root / "results/reconstruct/a/b/reconstruction.h5") as file:
        picked, last = file["images"][5], file["images"][-1]
    with h5py.File(root / "results/preprocess/a.h5") as file:
        white = grey.grey_window(file["reference"][1])
    shown = {"picked": picked, "last": last, "difference": scan["gains"]["change"] * (last - picked)}
    for kind, images in shown.items():
        for number, image in zip(fit["ends"][kind], images, strict=True):
            expected = np.clip(np.abs(image) / white, 0, 1) * 255
            assert np.max(np.abs(decoded(scan, number) - expected)) <= 0.51
    assert len(set(scan["reference"])) == 3


def test_the_worst_slice_is_named_and_one_click_away(tmp_path):
    root = make_study(tmp_path, ("a",), ("b",), size=16, n_slices=3)
    page = page_of(root)
    assert "worst of b: slice 0</button>" in page
    assert scans_of(page)[0]["fits"][0]["evidence"].endswith("of 3 slices is slice 0 (counted from 0)")


def test_a_scan_of_one_slice_has_no_control_for_slices(page):
    assert 'class="slice"' not in page
    assert "data-slice=" not in page


def test_of_many_slices_fewer_pixels_are_shown(tmp_path, monkeypatch):
    root = make_study(tmp_path, ("a",), ("b",), size=48, n_slices=5)
    monkeypatch.setattr(budget, "PAGE_BYTES", budget.SCRIPT_BYTES + budget.FIT_BYTES + 48_000)
    page = page_of(root)
    scan = scans_of(page)[0]
    middle, other = (decoded(scan, scan["fits"][0]["ends"]["last"][at]).shape for at in (2, 0))
    assert other < middle == (48, 48)
    assert "Slices beside the middle one show one in" in page


def test_a_path_of_weights_is_told_in_weights_and_never_in_iterations(tmp_path):
    page = page_of(make_study(tmp_path, ("a",), ("tv",), size=16, paths=("tv",)))
    scan = scans_of(page)[0]
    fit = scan["fits"][0]
    names = [frame["at"] for frame in fit["frames"]]
    assert names == ["start", *(f"weight {weight:.3g} σ" for weight in WEIGHTS[1:])]
    assert [caption for _, caption in fit["path"]] == [
        "smallest weight 0.05 σ",
        "chosen weight 0.4 σ",
        "largest weight 3 σ",
    ]
    answer, table = (page[page.index(f'id="{name}"') :] for name in ("answer", "table"))
    assert "iteration" not in answer[: answer.index("<p class=")]
    row = table[table.index("<tbody>") : table.index("</tbody>")]
    assert '<td data-value="15">0.4 σ</td>' in row
    assert "iteration" not in row


def test_among_all_regimes_a_path_stands_as_a_level_where_its_weight_was_chosen(tmp_path):
    page = page_of(make_study(tmp_path, ("a",), ("tv",), size=16, paths=("tv",)))
    line, mark = scans_of(page)[0]["overview"]["loss χ² (1 = noise floor)"]["data"]
    assert line["name"] == "tv at 0.4 σ"
    assert set(line["y"]) == {mark["y"][0]}
    assert mark["text"] == ["weight 0.4 σ"]


def test_j_stands_against_the_weight_with_its_standard_error_and_the_chosen_one_marked(tmp_path):
    page = page_of(make_study(tmp_path, ("a",), ("tv",), size=16, paths=("tv",), risk=2.0))
    chart = scans_of(page)[0]["fits"][0]["charts"]["weights"]
    line = chart["data"][0]
    risk = made_curves(2.0)["risk"]
    by_weight = sorted(zip(WEIGHTS[1:], risk[1:], strict=True))
    assert line["x"] == [weight for weight, _ in by_weight]
    assert line["y"] == pytest.approx([value / min(risk) for _, value in by_weight], rel=1e-4)
    assert line["error_y"]["array"] == pytest.approx([0.2 / min(risk)] * 7, rel=1e-4)
    assert [shape["x0"] for shape in chart["layout"]["shapes"]] == [0.4, 0.2]


def test_the_radial_spectrum_of_white_noise_is_flat_and_of_its_variance():
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((96, 64)) + 1j * rng.standard_normal((96, 64))
    power = charts.ring_power(noise)
    assert len(power) == 32
    assert power[5:].mean() == pytest.approx(2, rel=0.1)


def test_the_best_picture_comes_with_its_last_and_their_difference_and_says_use_this_one(page):
    answer = page[page.index('id="answer"') : page.index('id="table"')]
    assert answer.count('data-standing="use this one"') == 2
    assert answer.count("<figure") == 6
    assert "|last − picked|" in answer


def test_an_estimated_error_is_told_in_per_cent_of_the_image_with_two_standard_errors(study):
    evaluations, reconstructions, histories, _ = inputs(study)
    scan = read_scan(study / "results/preprocess/phantom_r2.h5")
    fit = read_fit("warmup", scan, read_evaluation(evaluations[3]), reconstructions[3], histories[3])
    norm = 32 * (1 - np.exp(-15 / 4))  # the made record's
    assert fit.image_norm == pytest.approx(norm)
    assert fit.estimated_error == pytest.approx(np.sqrt(2))
    assert fit.error_interval == pytest.approx((np.sqrt(2 - 0.04), np.sqrt(2 + 0.04)))
    assert error_in_words(fit, norm) == "4.53 % (4.48 to 4.57)"
    assert error_in_words(fit, norm / 400) == "1810 % (1792 to 1828)"


def test_an_error_of_which_little_is_known_is_told_in_few_digits_and_never_below_the_images_own_noise(study):
    evaluations, reconstructions, histories, _ = inputs(study)
    scan = read_scan(study / "results/preprocess/phantom_r2.h5")
    judged = read_evaluation(evaluations[3])
    vague = replace(judged, picked_risk_error=1.0, picked=replace(judged.picked, risk=1.19, v_image=0.49))
    fit = read_fit("warmup", scan, vague, reconstructions[3], histories[3])
    assert fit.error_interval == pytest.approx((0.7, np.sqrt(3.19)))
    assert error_in_words(fit, 10.0) == "11 % (7 to 18)"
    unknown = replace(fit, evaluation=replace(vague, picked_risk_error=np.nan))
    assert error_in_words(unknown, 10.0) == "11 %"


def test_where_the_model_errs_the_error_comes_without_a_bracket_and_says_what_it_leaves_out(tmp_path):
    root = make_study(tmp_path, ("a",), ("one",), size=16)
    told = "modes that the data hardly determine aside, since the model errs"
    assert told not in page_of(root)
    with h5py.File(root / "results/preprocess/a.h5", "a") as file:
        file.attrs["model_errs"] = True
    page = page_of(root)
    answer = page[page.index('id="answer"') : page.index('id="table"')]
    assert re.search(rf"Estimated error [\d.]+ % of the image, {told}", answer)


@pytest.mark.parametrize(("seen", "leaves_out"), [(0.951, False), (0.63, True)])
def test_where_many_modes_are_not_seen_the_error_comes_without_a_bracket_and_says_so(
    tmp_path, seen, leaves_out
):
    root = make_study(tmp_path, ("a",), ("one",), size=16)
    file = root / "results/evaluate/a/one/evaluation.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"seen_share": seen}))
    page = page_of(root)
    answer = page[page.index('id="answer"') : page.index('id="table"')]
    modes = "37 % of the object&#39;s modes, which the data hardly determine"
    said = rf" \(J leaves out {modes}, so it may be larger\)"
    bracket = r" \([\d.]+ to [\d.]+\)"
    assert bool(re.search(rf"Estimated error [\d.]+ % of the image{said}", answer)) == leaves_out
    assert bool(re.search(rf"Estimated error [\d.]+ %{bracket} of the image", answer)) != leaves_out


@pytest.mark.parametrize(("confidence", "told"), [(0.876, "88 % sure"), (None, "")])
def test_the_answer_says_how_sure_its_verdict_is_where_that_is_known(tmp_path, confidence, told):
    root = make_study(tmp_path, ("a",), ("one",), size=16)
    file = root / "results/evaluate/a/one/evaluation.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"confidence": confidence}))
    page = page_of(root)
    answer = page[page.index('id="answer"') : page.index('id="table"')]
    assert re.findall(r'</span> <span class="sure">(.*?)</span>', answer) == [f"{told}."] * bool(told)
    assert scans_of(page)[0]["fits"][0]["sure"] == told


def test_numbers_of_a_column_have_as_many_digits():
    assert [three_digits(value) for value in (0.1, 0.105, 1.0, 14.4, 1070.0)] == [
        "0.100",
        "0.105",
        "1.00",
        "14.4",
        "1070",
    ]


def test_errors_are_magnified_as_far_as_none_saturates():
    images = [np.full((8, 8), 0.03), np.full((8, 8), 0.1)]
    assert grey.gain_for(images, 1.0) == 10
    assert grey.gain_for(images, 0.1) == 1
    assert grey.gain_for(images, 0.03) == 0.2
    assert grey.gain_for(images, 0.001) == 0.1, "the least there is, where even that saturates"
    assert grey.gain_for([np.zeros((4, 4))], 1.0) == 1


def test_a_simulated_scan_is_said_to_be_one(tmp_path):
    root = make_study(tmp_path, ("a",), ("b",), size=16)
    assert "imulated" not in page_of(root)
    with h5py.File(root / "results/preprocess/a.h5", "a") as file:
        file.attrs["is_simulated"] = True
    assert "Simulated scan." in page_of(root)


@pytest.mark.slow
def test_a_page_of_fifty_scans_of_seven_regimes_stays_under_fifteen_megabytes(fifty_scans):
    assert fifty_scans.stat().st_size < 15e6


def test_a_long_line_keeps_its_first_and_last_point():
    x = np.arange(1000.0)
    line = drawing._thinned(drawing.line_over_iterations(x, x**2, "name", "black", "solid"))
    assert len(line["x"]) <= drawing.MAX_POINTS
    assert (line["customdata"][0], line["customdata"][-1], line["y"][-1]) == (0, 999, 999**2)


def test_a_long_line_keeps_each_point_s_own_error_bar():
    x = np.arange(1000.0)
    line = drawing.line_over_iterations(x, x + 1, "J", "black", "solid") | {
        "error_y": {"array": x, "width": 3}
    }
    shown = drawing.plain_chart([line], "x", "y")["data"][0]
    assert len(shown["x"]) <= drawing.MAX_POINTS
    assert shown["error_y"]["array"] == [place - 1 for place in shown["x"]]


@pytest.mark.parametrize("changed", [slice(0, 1), slice(None)])
@pytest.mark.parametrize("risk", [-3.0, None])
def test_an_error_that_is_not_known_is_a_dash(tmp_path, risk, changed):
    """J may be below 0 (less than the noise estimate resolves), or not known at all."""
    root = make_study(tmp_path, ("a",), size=16)
    for file in inputs(root)[0][changed]:
        content = json.loads(file.read_text(encoding="utf-8"))
        content["picked"]["risk"] = risk
        file.write_text(json.dumps(content), encoding="utf-8")
    errors = [fit["standing"]["error_told"] for scan in scans_of(page_of(root)) for fit in scan["fits"]]
    assert [error == "–" for error in errors] == [True, changed.stop is None]


@pytest.mark.parametrize("paths", [(), ("b",)])
@pytest.mark.parametrize("value", [np.nan, 0.0, np.inf])
def test_a_fit_whose_series_hold_one_value_has_a_page_without_the_charts_that_would_be_empty(
    tmp_path, value, paths
):
    root = make_study(tmp_path, ("a",), ("b",), size=16, paths=paths)
    rewritten(root, value)
    (scan,) = scans_of(page_of(root))
    closely = scan["fits"][0]["charts"]
    assert "rates" not in closely
    for name, chart in (closely | scan["overview"]).items():
        heights = [height for line in chart["data"] for height in line["y"]]
        assert any(height is not None for height in heights), name

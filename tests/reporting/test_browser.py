"""The report in a real browser: Debian's chromium, headless, driven by playwright.

Screenshots at two widths, light and dark, and the printed page are left in test-artefacts/ to be looked at.
"""

import json
import re
import shutil
from io import BytesIO
from pathlib import Path

import h5py
import numpy as np
import pytest
from made_study import make_study, write_sidecars
from PIL import Image
from test_page import HOSTILE, many_scans, page_of
from typer.testing import CliRunner

from sharpfit.cli import app

ARTEFACTS = Path(__file__).parents[2] / "test-artefacts"
CHROMIUM = shutil.which("chromium")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DRAW_ALL = "Promise.all(SECTIONS.map((section) => section.draw()))"
MISSING = "no chromium on this machine: sudo tools/install-debian-packages.sh"

pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason=MISSING)]


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    root = make_study(
        tmp_path_factory.mktemp("study"),
        regimes=("gradient_descent", "warmup", "plateau"),
        n_slices=4,
        paths=("plateau",),
    )
    page_of(root)
    return root / "report.html"


class Watched:
    """A page that remembers everything a page must not do."""

    def __init__(self, browser, file, width=1280, scheme="light"):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.page = context.new_page()
        self.faults = []
        self.page.on("console", lambda message: self.faults.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.faults.append("a dialog"), dialog.dismiss()))
        self.page.on("request", self._requested)
        self.page.goto(file.as_uri())
        self.scan = self.page.locator("section.scan").nth(1)  # phantom_r2, which has a reference

    def _requested(self, request):
        if not request.url.startswith(("data:", "blob:")) and not request.is_navigation_request():
            self.faults.append(f"requested {request.url}")

    def close(self):
        self.page.context.close()
        assert self.faults == []


@pytest.fixture
def watched(browser, report):
    opened = Watched(browser, report)
    opened.page.wait_for_function("() => SECTIONS.every((section) => section.scan)")
    yield opened
    opened.close()


def pixels(locator):
    """The grey pixels an element shows."""
    return np.asarray(Image.open(BytesIO(locator.screenshot())).convert("L")).astype(float)


def choose(watched, value):
    watched.scan.locator(f'input[value="{value}"]').check()


def column(page, place):
    return page.locator(f"table.sortable tbody tr > :nth-child({place})").all_inner_texts()


def test_every_chart_is_drawn_and_nothing_complains(watched):
    watched.scan.scroll_into_view_if_needed()
    watched.page.wait_for_function(
        "section => [...section.querySelectorAll(':not([hidden]) > .chart')]"
        ".every(chart => chart.querySelector('.trace'))",
        arg=watched.scan.element_handle(),
    )
    for chart in watched.scan.locator(":not([hidden]) > .chart").all():
        assert chart.locator(".trace").count() >= 2


def values(page, place):
    cells = page.locator(f"table.sortable tbody tr > :nth-child({place})")
    return cells.evaluate_all("cells => cells.map(cell => cell.dataset.value)")


def test_the_table_sorts_by_number_and_by_word_with_mouse_and_keys(watched):
    error = watched.page.locator("table.sortable th button", has_text="estimated error").first
    error.click()
    assert values(watched.page, 4) == sorted(values(watched.page, 4), key=float)
    error.press("Enter")
    assert values(watched.page, 4) == sorted(values(watched.page, 4), key=float, reverse=True)
    assert watched.page.locator('th[aria-sort="descending"]').count() == 1
    watched.page.locator("table.sortable th button", has_text="regime").click()
    assert column(watched.page, 2) == sorted(column(watched.page, 2))


def test_cells_without_a_number_stay_last_however_it_is_sorted(watched):
    error = watched.page.locator("table.sortable th button", has_text="NRMSE picked")
    for _ in range(2):
        error.click()
        assert column(watched.page, 5)[3:] == ["–"] * 3


def test_the_slider_changes_the_picture_and_the_words(watched):
    fit = watched.scan.locator(".grid [data-fit]").first
    picture, say = fit.locator(".view"), fit.locator(".say")
    slider = watched.scan.locator(".when")
    slider.focus()
    slider.press("Home")
    slider.press("End")
    late, words = pixels(picture), say.inner_text()
    assert watched.scan.locator('input[value="slider"]').is_checked()
    for _ in range(4):
        slider.press("ArrowLeft")
    assert np.abs(pixels(picture) - late).mean() > 5
    assert words != say.inner_text()
    slider.press("Home")
    assert "iteration 0" in say.inner_text()
    assert pixels(picture)[5:-5, 5:-5].max() == 0, "iteration 0 is an empty image"


def test_reference_and_error_are_pictures_of_their_own(watched):
    fit = watched.scan.locator(".grid [data-fit]").first
    shown = {"reference": pixels(watched.scan.locator(".grid .reference .view"))}
    for name in ("picked", "last", "error-last", "noise-last"):
        choose(watched, name)
        shown[name] = pixels(fit.locator(".view"))
    names = list(shown)
    for place, one in enumerate(names):
        for other in names[place + 1 :]:
            assert np.abs(shown[one] - shown[other]).mean() > 0.5, f"{one} looks like {other}"
    assert re.search(r"noise map × \d+ at", fit.locator(".say").inner_text())


def test_zoom_and_pan_are_linked_and_reset(watched):
    views = watched.scan.locator(".grid .view")
    before = pixels(views.nth(1))
    views.first.click()
    for key in ("+", "+", "ArrowRight"):
        views.first.press(key)
    transforms = {
        image.evaluate("image => new DOMMatrix(getComputedStyle(image).transform).a")
        for image in watched.scan.locator(".grid .view img, .single .view img").all()
    }
    assert transforms == {2.25}
    assert np.abs(pixels(views.nth(1)) - before).mean() > 5
    other = watched.page.locator("section.scan").first.locator("output.zoom")
    assert (watched.scan.locator("output.zoom").inner_text(), other.inner_text()) == ("2.3×", "1×")
    watched.scan.locator('[data-zoom="reset"]').click()
    views.nth(1).evaluate("view => view.blur()")
    assert np.array_equal(pixels(views.nth(1)), before)


def test_the_wheel_zooms_only_after_a_click_and_dragging_moves(watched):
    view = watched.scan.locator(".grid .view").first
    view.scroll_into_view_if_needed()
    view.hover()
    watched.page.mouse.wheel(0, -1)
    assert watched.scan.locator("output.zoom").inner_text() == "1×"
    view.click()
    watched.page.mouse.wheel(0, -400)
    watched.page.wait_for_function("element => element.textContent === '2.7×'", arg=output(watched))
    box = view.bounding_box()
    watched.page.mouse.move(box["x"] + 100, box["y"] + 100)
    watched.page.mouse.down()
    watched.page.mouse.move(box["x"] + 60, box["y"] + 80, steps=4)
    moved = view.locator("img").evaluate("image => new DOMMatrix(getComputedStyle(image).transform).e")
    watched.page.mouse.up()
    watched.page.mouse.move(box["x"] + 160, box["y"] + 80)
    still = view.locator("img").evaluate("image => new DOMMatrix(getComputedStyle(image).transform).e")
    assert moved < -100
    assert still == moved


def output(watched):
    return watched.scan.locator("output.zoom").element_handle()


def test_two_pictures_blend_and_flicker(watched):
    pair, slider = watched.scan.locator(".pair .view"), watched.scan.locator(".blend")
    slider.fill("0")
    first = pixels(pair)
    slider.fill("100")
    second = pixels(pair)
    slider.fill("50")
    half = pixels(pair)
    assert np.abs(first - second).mean() > 5
    assert np.abs(half - (first + second) / 2).mean() < 3
    button = watched.scan.locator(".flicker")
    button.press("Enter")
    assert button.get_attribute("aria-pressed") == "true"
    for value in ("0", "100"):
        watched.page.wait_for_function("([e, v]) => e.value === v", arg=[slider.element_handle(), value])
    button.press("Enter")
    at = slider.input_value()
    watched.page.wait_for_timeout(900)
    assert slider.input_value() == at


def test_brightness_changes_all_pictures_of_the_scan(watched):
    views = watched.scan.locator(".grid .view")
    before = [pixels(view).mean() for view in views.all()]
    watched.scan.locator(".bright").fill("3")
    assert all(pixels(view).mean() > 1.1 * mean for view, mean in zip(views.all(), before, strict=True))


def test_choosing_a_regime_changes_its_words_charts_and_cursor(watched):
    watched.scan.locator(".close").scroll_into_view_if_needed()
    watched.page.wait_for_function("() => document.querySelectorAll('.close .main-svg').length > 0")
    curves = watched.scan.locator('[data-chart="curves"]')
    before = pixels(watched.scan.locator(".single .view"))
    watched.scan.locator(".one").select_option(label="warmup")
    assert np.abs(pixels(watched.scan.locator(".single .view")) - before).mean() > 1
    assert "over-fitting since iteration 15" in watched.scan.locator(".evidence").inner_text()
    watched.scan.locator(".when").focus()
    watched.page.keyboard.press("Home")
    watched.page.keyboard.press("ArrowRight")
    watched.page.wait_for_timeout(200)
    assert curves.evaluate("chart => chart.layout.shapes.map(shape => shape.x0)") == [16, 2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 420, 390])
def test_the_page_fits_its_window(browser, report, width, scheme):
    watched = Watched(browser, report, width, scheme)
    watched.page.evaluate(DRAW_ALL)
    watched.page.wait_for_timeout(500)
    assert watched.page.evaluate("document.documentElement.scrollWidth") <= width
    paper = watched.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(int(part) for part in paper[4:-1].split(",")) > 380) == (scheme == "light")
    ARTEFACTS.mkdir(exist_ok=True)
    watched.page.screenshot(path=ARTEFACTS / f"report-{width}-{scheme}.png", full_page=True)
    watched.close()


def test_the_page_prints(watched):
    ARTEFACTS.mkdir(exist_ok=True)
    printed = watched.page.pdf(path=ARTEFACTS / "report.pdf", format="A4", landscape=True)
    assert printed.startswith(b"%PDF")


def test_on_paper_charts_are_black_and_narrow_even_from_a_dark_window(browser, report):
    watched = Watched(browser, report, scheme="dark")
    watched.page.wait_for_function("() => SECTIONS.every((section) => section.scan) && window.Plotly")
    charts = (
        "[...document.querySelectorAll(':not([hidden]) > .chart')]"
        ".map(chart => [chart.layout.font.color, chart.layout.width])"
    )
    paper, screen = (
        watched.page.evaluate(f"() => {{ dispatchEvent(new Event('{name}')); return {charts}; }}")
        for name in ("beforeprint", "afterprint")
    )
    assert {color for color, _ in paper} == {"#000000"}
    assert {width for _, width in paper} == {340, 700}
    assert {tuple(chart) for chart in screen} == {("#e6e9ee", None)}
    watched.close()


def test_hostile_names_do_not_run(browser, tmp_path):
    root = make_study(tmp_path, ("a",), ("b",), size=16)
    evaluation = root / "results/evaluate/a/b/evaluation.json"
    hostile = {"regime": HOSTILE, "evidence": HOSTILE, "cause": HOSTILE, "verdict": HOSTILE}
    evaluation.write_text(json.dumps(json.loads(evaluation.read_text()) | hostile))
    page_of(root)
    watched = Watched(browser, root / "report.html")
    watched.page.evaluate(DRAW_ALL)
    watched.page.wait_for_timeout(500)
    assert watched.page.title() == "sharpfit report"
    assert watched.page.locator("img[src=x]").count() == 0
    assert HOSTILE in watched.page.locator("table.sortable td").nth(0).inner_text()
    legend = watched.page.locator('[data-chart="overview"] .legendtext').first
    assert legend.text_content() == HOSTILE
    watched.close()


def test_a_comparison_opens_with_a_over_b(browser, tmp_path):
    for name, risk in (("a", 1.0), ("b", 2.0)):
        make_study(tmp_path / name, ("phantom_r2",), ("warmup",), size=32, risk=risk)
    image = tmp_path / "b/results/reconstruct/phantom_r2/warmup/reconstruction.h5"
    with h5py.File(image, "a") as file:
        file["images"][...] = file["images"][...] * 0.5
    with h5py.File(tmp_path / "b/results/evaluate/phantom_r2/warmup/picked.h5", "a") as file:
        file["image"][...] = file["image"][...] * 0.5
    write_sidecars(tmp_path / "b", "phantom_r2", "warmup")
    page = tmp_path / "compare.html"
    done = CliRunner().invoke(app, ["compare", str(tmp_path / "a"), str(tmp_path / "b"), "--html", str(page)])
    assert done.exit_code == 1
    watched = Watched(browser, page)
    watched.scan = watched.page.locator("section.scan").first
    names = [watched.scan.locator(f".{side} option:checked").inner_text() for side in "ab"]
    assert names == ["A warmup, picked", "B warmup, picked"]
    pair = watched.scan.locator(".pair .view")
    first = pixels(pair)
    watched.scan.locator(".blend").fill("100")
    assert pixels(pair).mean() < 0.7 * first.mean()
    watched.close()


def test_the_policy_stops_a_script_that_got_in(browser, report):
    watched = Watched(browser, report)
    watched.page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {text: 'document.title=1'}))"
    )
    assert watched.page.title() == "sharpfit report"
    assert len(watched.faults) == 1
    assert "Content Security Policy" in watched.faults.pop()
    watched.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 420])
def test_axe_finds_no_fault_of_colour_contrast_or_naming(browser, report, width, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    watched = Watched(browser, report, width, scheme)
    watched.page.evaluate(DRAW_ALL)
    watched.page.wait_for_timeout(500)
    found = axe.Axe().run(watched.page)
    assert found.violations_count == 0, found.generate_report()
    watched.close()


def test_slices_are_moved_through_by_slider_keys_and_one_click_on_the_worst(watched):
    view, say = (watched.scan.locator(f".grid [data-fit] {name}").first for name in (".view", ".say"))
    slider, at = watched.scan.locator(".slice"), watched.scan.locator("output.slice-at")
    assert at.text_content() == "2 of 0–3"
    middle = pixels(view)
    slider.focus()
    slider.press("ArrowRight")
    assert say.text_content().startswith("slice 3 · iteration 15 (picked)")
    assert np.abs(pixels(view) - middle).mean() > 3
    watched.scan.locator(".tools [data-slice]").press("Enter")
    assert at.text_content() == "0 of 0–3"
    assert say.text_content().startswith("slice 0")
    worst = pixels(view)
    choose(watched, "difference")
    assert say.text_content().startswith("slice 0 · |last − picked|")
    assert np.abs(pixels(view) - worst).mean() > 3
    reference = pixels(watched.scan.locator(".grid .reference .view"))
    slider.fill("2")
    assert np.abs(pixels(watched.scan.locator(".grid .reference .view")) - reference).mean() > 3


def test_what_only_the_middle_slice_has_is_never_shown_as_another_one(watched):
    slider, say = watched.scan.locator(".slice"), watched.scan.locator(".grid [data-fit] .say").first
    slider.fill("0")
    choose(watched, "noise-last")
    assert slider.input_value() == "2"
    assert say.text_content().startswith("slice 2 · noise map")
    slider.fill("1")
    assert watched.scan.locator('input[value="picked"]').is_checked()
    assert say.text_content().startswith("slice 1 · iteration 15 (picked)")


def test_the_montage_shows_every_slice_of_the_regime_chosen_and_leads_there(watched):
    tiles = watched.scan.locator(".tile")
    tiles.first.scroll_into_view_if_needed()
    watched.page.wait_for_function(
        "tile => tile.innerText.trim() === '0 worst'", arg=tiles.first.element_handle()
    )
    assert [tile.inner_text().strip() for tile in tiles.all()] == ["0 worst", "1", "2", "3"]
    before = pixels(tiles.nth(1).locator("img"))
    watched.scan.locator(".one").select_option(label="warmup")
    assert watched.scan.locator(".montage-of").text_content() == "warmup, picked"
    assert np.abs(pixels(tiles.nth(1).locator("img")) - before).mean() > 1
    tiles.nth(1).press("Enter")
    assert watched.scan.locator("output.slice-at").text_content() == "1 of 0–3"
    pressed = [tile.get_attribute("aria-pressed") for tile in tiles.all()]
    assert pressed == ["false", "true", "false", "false"]


def test_a_path_of_weights_goes_from_noisy_to_smeared_with_its_chart(watched):
    path, chart = watched.scan.locator(".path"), watched.scan.locator('[data-chart="weights"]')
    watched.page.evaluate(DRAW_ALL)
    assert not path.is_visible()
    assert not chart.is_visible()
    watched.scan.locator(".one").select_option(label="plateau")
    assert path.locator("figcaption").all_text_contents() == [
        "smallest weight 0.05 σ",
        "chosen weight 0.4 σ",
        "largest weight 3 σ",
    ]
    rough = [float(np.abs(np.diff(pixels(still))).mean()) for still in path.locator(".still").all()]
    assert rough[0] > rough[1] > rough[2], "noisy, chosen, smeared"
    assert chart.locator(".trace").count() == 2


def test_pictures_are_decoded_where_they_are_seen(browser, tmp_path):
    page = many_scans(tmp_path, n_scans=12)
    watched = Watched(browser, page)
    watched.page.wait_for_timeout(300)
    drawn = "SECTIONS.filter((section) => section.drawn).length"
    assert watched.page.evaluate(drawn) < 4
    watched.page.locator("nav a").nth(11).click()
    watched.page.wait_for_function("() => SECTIONS.at(11).drawn")
    assert watched.page.evaluate(drawn) < 8
    watched.close()


@pytest.mark.slow
def test_a_page_of_fifty_scans_is_there_in_a_second(browser, tmp_path):
    """By the processor's time of the page, so that a busy machine does not count."""
    watched = Watched(browser, many_scans(tmp_path))
    seconds = []
    for _ in range(3):
        session = watched.page.context.new_cdp_session(watched.page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        watched.page.reload(wait_until="load")
        metrics = session.send("Performance.getMetrics")["metrics"]
        seconds.append(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))
        session.detach()
    watched.close()
    assert min(seconds) < 1, seconds

"""The report in a real browser.

Screenshots at three widths, light and dark, and the printed page are left in test-artefacts/ to be looked at.
"""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
from in_browser import DRAW_ALL, Watched, needs_browser, pixels
from made_page import HOSTILE, page_of, rewritten
from made_study import make_study, write_sidecars
from typer.testing import CliRunner

from sharpfit.cli import app

ARTEFACTS = Path(__file__).parents[2] / "test-artefacts"

#: Pixels between the title of every chart's x axis and the legend below it.
UNDER_TITLES = """() => [...document.querySelectorAll(".chart:has(.xtitle):has(.legend)")]
    .filter((chart) => chart.offsetParent)
    .map((chart) => [".legend", ".xtitle"].map((name) => chart.querySelector(name).getBoundingClientRect()))
    .map(([legend, title]) => legend.top - title.bottom)"""

pytestmark = needs_browser


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


def test_a_page_of_a_fit_of_which_nothing_is_known_complains_of_nothing(browser, tmp_path):
    root = make_study(tmp_path, ("a",), ("b",), size=16)
    rewritten(root, np.nan)
    page_of(root)
    watched = Watched(browser, root / "report.html")
    watched.page.evaluate(DRAW_ALL)
    assert not watched.page.locator('[data-chart="overview"]').is_visible()
    watched.close()


def values(page, place):
    cells = page.locator(f"table.sortable tbody tr > :nth-child({place})")
    return cells.evaluate_all("cells => cells.map(cell => cell.dataset.value)")


def test_the_table_sorts_by_number_and_by_word_with_mouse_and_keys(watched):
    error = watched.page.locator("table.sortable th button", has_text="error, %")
    error.click()
    assert values(watched.page, 4) == sorted(values(watched.page, 4), key=float)
    error.press("Enter")
    assert values(watched.page, 4) == sorted(values(watched.page, 4), key=float, reverse=True)
    assert watched.page.locator('th[aria-sort="descending"]').count() == 1
    watched.page.locator("table.sortable th button", has_text="regime").click()
    assert column(watched.page, 2) == sorted(column(watched.page, 2))


def test_cells_without_a_number_stay_last_however_it_is_sorted(watched):
    error = watched.page.locator("table.sortable th button", has_text="NRMSE")
    for _ in range(2):
        error.click()
        assert column(watched.page, 7)[3:] == ["–"] * 3


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


@pytest.mark.parametrize("width", [1280, 420, 390])
def test_the_page_fits_its_window_light_and_dark_and_axe_finds_no_fault(browser, report, width):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    watched = Watched(browser, report, width)
    watched.page.evaluate(DRAW_ALL)
    assert min(watched.page.evaluate(UNDER_TITLES)) >= 0, "a legend lies over the title of its axis"
    ARTEFACTS.mkdir(exist_ok=True)
    for scheme in ("light", "dark"):
        watched.page.emulate_media(color_scheme=scheme)
        watched.page.wait_for_timeout(500)
        assert watched.page.evaluate("document.documentElement.scrollWidth") <= width
        table = watched.page.locator("#table .scroll")
        assert watched.scan.locator(".when").bounding_box()["width"] > 100
        assert width < 1280 or table.evaluate("place => place.scrollWidth <= place.clientWidth")
        paper = watched.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (sum(int(part) for part in paper[4:-1].split(",")) > 380) == (scheme == "light")
        if width > 390:  # which is the same page as that of 420, but for room
            found = axe.Axe().run(watched.page)
            assert found.violations_count == 0, found.generate_report()
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


@pytest.mark.slow
def test_pictures_are_decoded_where_they_are_seen(browser, fifty_scans):
    watched = Watched(browser, fifty_scans)
    watched.page.wait_for_timeout(300)
    drawn = "SECTIONS.filter((section) => section.drawn).length"
    assert watched.page.evaluate(drawn) < 4
    watched.page.locator("nav a").nth(11).click()
    watched.page.wait_for_function("() => SECTIONS.at(11).drawn")
    assert watched.page.evaluate(drawn) < 8
    watched.close()


@pytest.mark.slow
def test_a_page_of_fifty_scans_is_there_in_a_second(browser, fifty_scans):
    """By the processor's time of the page, so that a busy machine does not count."""
    watched = Watched(browser, fifty_scans)
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

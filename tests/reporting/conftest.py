"""One browser and one made-up report for all tests that look at a page."""

import pytest
from in_browser import CHROMIUM, QUIET, Watched
from made_page import many_scans, page_of
from made_study import make_study


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def report(tmp_path_factory):
    root = make_study(
        tmp_path_factory.mktemp("study"),
        regimes=("gradient_descent", "warmup", "plateau"),
        n_slices=4,
        paths=("plateau",),
    )
    page_of(root)
    return root / "report.html"


@pytest.fixture
def watched(browser, report):
    opened = Watched(browser, report)
    opened.page.wait_for_function("() => SECTIONS.every((section) => section.scan)")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def fifty_scans(tmp_path_factory):
    """The file of a page of 50 scans with 7 regimes, which takes half a minute to make."""
    return many_scans(tmp_path_factory.mktemp("many"))

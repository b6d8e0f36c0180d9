"""Take the picture of docs/first-study.md from results/report.html: python docs/figures/report.py."""

import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
REPORT = HERE.parents[1] / "results" / "report.html"


def main() -> None:
    """Show the head of the default study, all its pictures drawn, with what was decided for it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.goto(REPORT.as_uri())
        page.evaluate("Promise.all(SECTIONS.map((section) => section.draw()))")
        head = page.locator("section.scan").filter(
            has=page.get_by_role("heading", name="head_r4", exact=True)
        )
        head.evaluate("(one) => { one.querySelector('details').open = true; one.scrollIntoView() }")
        page.wait_for_timeout(500)
        page.screenshot(path=HERE / "report.png")
        browser.close()


if __name__ == "__main__":
    main()

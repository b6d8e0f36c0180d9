"""A page in a real browser: Debian's chromium, headless, driven by playwright."""

import shutil
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

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
needs_browser = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason=MISSING)]


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


def pixels(locator):
    """The grey pixels an element shows."""
    return np.asarray(Image.open(BytesIO(locator.screenshot())).convert("L")).astype(float)


def choose(watched, value):
    watched.scan.locator(f'input[value="{value}"]').check()


def output(watched):
    return watched.scan.locator("output.zoom").element_handle()

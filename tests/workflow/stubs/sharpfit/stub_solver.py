"""Stands for the core: what it returns depends on all that it is given and on FLAVOUR."""

import os
import time

from sharpfit.stub_text import text

FLAVOUR = "plain"


def solve(data: str, regime: dict, measures: dict) -> str:
    time.sleep(float(os.environ.get("STUB_SECONDS", "0")))
    return f"image {FLAVOUR} {text(regime)} {text(measures)} of <{data}>"

"""What a page unpacks only when it is needed: gzipped, as base64 text in the page."""

import base64
import gzip
import hashlib
import json
from typing import Any


def packed(text: str) -> str:
    """Return text as the page's scripts unpack it; the same text gives the same characters."""
    return base64.b64encode(gzip.compress(text.encode(), 6, mtime=0)).decode()


def packed_json(data: Any) -> str:
    """Return data as packed JSON; it must hold no number that is not finite."""
    return packed(json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")))


def digest(script: str) -> str:
    """Return what a content security policy calls a script that may run."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()

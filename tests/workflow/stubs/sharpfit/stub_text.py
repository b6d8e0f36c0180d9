"""How the stubs write parameters."""

import json


def text(value: object) -> str:
    return json.dumps(value, sort_keys=True)

"""docs/params.md is what its script makes of the schema, and says something of every key."""

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_of_every_key_is_that_of_the_schema():
    made = runpy.run_path(str(DOCS / "params.py"))["page"]()
    assert (DOCS / "params.md").read_text() == made
    rows = [row.split(" | ") for row in made.splitlines() if row.startswith("| `")]
    assert len(rows) > 60
    assert not [row[0] for row in rows if len(row) != 3 or not row[1].strip() or not row[2].strip(" |")]
    assert rows[-1][0] == "| `export.formats`"

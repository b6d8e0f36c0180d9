"""Digests of code: what changes them and what does not."""

from pathlib import Path

import pytest

from sharpfit.provenance.code import Code

MODULE = '''"""Doc."""
import json


def f(x: int) -> int:
    """Doc."""
    from . import late

    return x + 1
'''
FILES = {
    "scripts/run.py": "import helper\nfrom package import a\nprint(a)\n",
    "scripts/helper.py": "X = 1\n",
    "package/__init__.py": "",
    "package/a.py": MODULE,
    "package/late.py": "from .deep import two\n",
    "package/deep/__init__.py": 'PAGE = "templates/page.html"\n',
    "package/deep/two.py": "from .. import b\n",
    "package/deep/templates/page.html": "<p>",
    "package/deep/templates/part.html": "<b>",
    "package/b.py": "Y = 2\n",
    "package/json.py": "not imported by `import json`\n",
    "package/unused.py": "Z = 3\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    return tmp_path


def digests(root: Path) -> dict[str, str]:
    code = Code(root, root.parent / "memory.json")
    found = code.digests(root / "scripts" / "run.py")
    code.save()
    return found


def test_imports_are_followed_wherever_they_stand(root: Path) -> None:
    assert set(digests(root)) == set(FILES) - {"package/unused.py", "package/json.py"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""Doc."""', '"""Another text."""'),
        ("import json", "import json  # why"),
        ("x + 1", "(x\n        + 1)"),
        ("import json\n\n\n", "import json\n"),
    ],
    ids=["docstring", "comment", "parentheses", "blank lines"],
)
def test_comments_and_formatting_change_nothing(root: Path, old: str, new: str) -> None:
    before = digests(root)
    module = root / "package" / "a.py"
    module.write_text(module.read_text().replace(old, new))
    assert digests(root) == before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("package/a.py", "x + 1", "x + 1.0"),
        ("package/a.py", "x + 1", "x + True"),
        ("package/a.py", "int) ->", "str) ->"),
        ("package/b.py", "2", "None"),
        ("package/deep/templates/part.html", "<b>", "<i>"),
        ("scripts/helper.py", "1", "2"),
    ],
)
def test_whatever_can_change_a_result_changes_one_digest(root: Path, file: str, old: str, new: str) -> None:
    before = digests(root)
    (root / file).write_text((root / file).read_text().replace(old, new))
    after = digests(root)
    assert {name for name in after if after[name] != before[name]} == {file}

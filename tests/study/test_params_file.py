"""params.yaml is data: strictly read, and whatever is wrong with it is one line that says where."""

import os
from pathlib import Path

import pytest

from sharpfit.errors import InputError
from sharpfit.study import params_file
from sharpfit.study.params_file import MAX_SHOWN, parse, read_params, shown

ROOT = Path(__file__).parents[2]
LAUGHS = "a: &a [l, l, l, l, l, l, l, l, l]\n" + "".join(
    f"{two}: &{two} [{', '.join([f'*{one}'] * 9)}]\n" for one, two in zip("abcdefgh", "bcdefghi", strict=True)
)
REFUSED = {
    "number as key": (
        "regimes:\n  12: {}",
        "line 2, column 3: key 12 is no text to every reader of YAML; write '12'",
    ),
    "word as key": ("no: 1", "line 1, column 1: key no is no text"),
    "date as key": ("scans:\n  2024-01-01: {}", "line 2, column 3: key 2024-01-01 is no text"),
    "float as key": ("1e3: 1", "key 1e3 is no text"),
    "nothing as key": ("? \n: 1", "key  is no text"),
    "list as key": ("[a]: 1", "a key must be plain text"),
    "key with a tag": ("!!str a: 1", "a key must be plain text"),
    "merge": ("a: &a {b: 1}\nc:\n  <<: *a", "line 3, column 3: << merges nothing"),
    "twice": ("a: 1\nb: 2\na: 3", "line 3, column 1: key 'a' stands there twice"),
    "twice, quoted": ("a: 1\n'a': 3", "line 2, column 1: key 'a' stands there twice"),
    "binary": ("a: !!binary aGk=", "line 1, column 4: tag '!!binary': tags are not read"),
    "set": ("a: !!set {b}", "tag '!!set'"),
    "python": ("a: !!python/object/apply:os.system ['true']", "tag '!!python/object/apply:os.system'"),
    "own tag": ("a: !mine {}", "tag '!mine'"),
    "itself": ("a: &a [*a]", "alias 'a' names nothing that ends before it"),
    "laughs": (LAUGHS, "values, aliases written out"),
    "deep": ("a: " + "[" * 100 + "]" * 100, "nested deeper than 32"),
    "deep blocks": ("".join(f"{' ' * i}a:\n" for i in range(100)), "nested deeper than 32"),
    "digits": ("a: " + "1" * 5000, "a number of 5000 digits"),
    "tab": ("a:\n\tb: 1", "line 2, column 1: a tab; indent with spaces"),
    "syntax": ("a:\n  b: [1, 2\nc: 3", "line 3, column 2: no YAML: "),
    "colon": ("a: b: c", "line 1, column 5: no YAML: mapping values are not allowed"),
    "two documents": ("a: 1\n---\nb: 2", "line 2, column 1: a second document"),
    "open quote": (
        "a: 'x\nb: 1\n",
        "unexpected end of stream while scanning a quoted scalar that begins in line 1",
    ),
    "YAML 1.1": ("%YAML 1.1\n---\na: 010", "line 1, column 1: parameters are read as YAML 1.2"),
    "long date as key": (f"2024-01-01 {'1' * 500}: 1", "… is no text to every reader of YAML"),
    "control character": (
        "a: 1\nb: \x07",
        "line 2: character U+0007 cannot stand in YAML; save the file as UTF-8",
    ),
    "utf-16": ("a: 1".encode("utf-16-le"), "line 1: character U+0000 cannot"),
    "latin-1": ("a: 1\nb: Ä".encode("latin-1"), "line 2: byte 0xc4 is no UTF-8"),
    "list": ("- a", "params.yaml should hold keys and values"),
    "text": ("a", "params.yaml should hold keys and values"),
    "empty": ("", "params.yaml should hold keys and values"),
}
VALUES = {
    "010": 10,
    "0o17": 15,
    "0x1F": 31,
    "+12": 12,
    "-3": -3,
    "1_000": "1_000",
    "1:30": "1:30",
    "1e-3": 0.001,
    "1e-05": 1e-5,
    ".5": 0.5,
    "1.": 1.0,
    "-.inf": -float("inf"),
    "yes": "yes",
    "off": "off",
    "True": True,
    "false": False,
    "~": None,
    "": None,
    "2024-01-01": "2024-01-01",
    "'12'": "12",
    '"true"': "true",
    "|-\n  text": "text",
    "=": "=",
}


def as_bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_plain_data_is_refused_in_one_line(name: str):
    text, message = REFUSED[name]
    with pytest.raises(InputError) as caught:
        parse(as_bytes(text))
    assert message in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 250


def test_where_it_began_is_said_only_of_another_line():
    for text, is_said in (("a: [1 2 }", False), ("a: [1 2\n}", True)):
        with pytest.raises(InputError) as caught:
            parse(text.encode())
        assert ("that begins in line 1" in str(caught.value)) == is_said


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\n<<<<<<< HEAD\nb: 2\n=======\nb: 3\n>>>>>>> other\n", 2),
        ("a: 1\r\n<<<<<<< HEAD\r\nb: 2\r\n", 2),
        ("a: 1\nb: 2\r\n=======\r\n", 3),
        ("a: 1\nb: 2\n\n>>>>>>> other\n", 4),
    ],
)
def test_what_git_left_of_a_merge_is_told_with_its_first_line(text: str, line: int):
    with pytest.raises(InputError, match=rf"^params\.yaml: line {line}: an unresolved merge conflict; keep "):
        parse(text.encode())


def test_what_only_looks_like_a_conflict_is_text():
    text = "# =======\na: |-\n  =======\n  <<<<<<< HEAD\n"
    assert parse(text.encode()) == {"a": "=======\n<<<<<<< HEAD"}


@pytest.mark.parametrize("text", VALUES)
def test_scalars_are_those_of_yaml_1_2(text: str):
    found = parse(f"key: {text}\n".encode())["key"]
    assert found == VALUES[text]
    assert type(found) is type(VALUES[text])


def test_anchors_may_be_used_and_keys_may_look_like_words_in_quotes():
    text = "a: &a {seed: 1}\nb: *a\n'no': [*a, *a]\n3T_brain: 2\n001-02: 3\n2024-01-01_knee: 4\n"
    one = {"seed": 1}
    assert parse(text.encode()) == {
        "a": one,
        "b": one,
        "no": [one, one],
        "3T_brain": 2,
        "001-02": 3,
        "2024-01-01_knee": 4,
    }


def test_a_byte_order_mark_is_no_part_of_the_first_key():
    assert parse(b"\xef\xbb\xbfa: 1") == {"a": 1}


def test_templates_of_yte_are_text():
    text = "__use_yte__: true\n__definitions__: ['import os']\n?if True:\n  a: 1\n"
    assert parse(text.encode())["?if True"] == {"a": 1}


def test_the_default_study_reads_as_any_yaml_1_2_reader_reads_it():
    from ruamel.yaml import YAML

    with (ROOT / "params.yaml").open() as file:
        assert read_params(ROOT / "params.yaml") == YAML(typ="safe", pure=True).load(file)


def test_a_file_that_is_no_regular_one_does_not_hang(tmp_path: Path):
    os.mkfifo(tmp_path / "params.yaml")
    with pytest.raises(InputError, match=r"params\.yaml cannot be read: is no regular file"):
        read_params(tmp_path / "params.yaml")
    with pytest.raises(InputError, match="is no study: it has no params"):
        read_params(tmp_path / "absent" / "params.yaml")


def test_a_file_too_large_is_not_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(params_file, "MAX_BYTES", 10)
    (tmp_path / "params.yaml").write_text("a: 1 # long")
    with pytest.raises(InputError, match="11 bytes; at most 10"):
        read_params(tmp_path / "params.yaml")


def test_a_long_value_is_quoted_by_its_beginning():
    assert shown("a\n") == "'a\\n'"
    whole = "x" * (MAX_SHOWN - 2)
    assert shown(whole) == f"'{whole}'"
    assert shown(whole + "x") == f"'{whole}x"[: MAX_SHOWN - 1] + "…"


@pytest.mark.parametrize(("depth", "fits"), [(31, True), (32, True), (33, False)])
def test_nesting_is_bounded(depth: int, fits: bool):
    """A value of the document's mapping stands one deep."""
    text = f"a: {'[' * (depth - 1)}1{']' * (depth - 1)}".encode()
    if fits:
        value = parse(text)["a"]
        for _ in range(depth - 1):
            (value,) = value
        assert value == 1
    else:
        with pytest.raises(InputError, match="nested deeper than 32"):
            parse(text)


@pytest.mark.parametrize(("n", "fits"), [(40, True), (41, False)])
def test_digits_of_a_number_are_bounded(n: int, fits: bool):
    text = f"a: {'1' * n}".encode()
    if fits:
        assert parse(text) == {"a": int("1" * n)}
    else:
        with pytest.raises(InputError, match=f"line 1, column 4: a number of {n} digits"):
            parse(text)


@pytest.mark.parametrize(("text", "n"), [("a: 1\nb: 2", 5), ("a: &x [1]\nb: *x", 7), ("a: [1, 2, 3, 4]", 7)])
def test_values_are_counted_with_keys_and_aliases(text: str, n: int, monkeypatch: pytest.MonkeyPatch):
    """The document, its keys and their values; an alias counts as what it stands for."""
    monkeypatch.setattr(params_file, "MAX_VALUES", n)
    parse(text.encode())
    monkeypatch.setattr(params_file, "MAX_VALUES", n - 1)
    with pytest.raises(InputError, match=f"more than {n - 1} values, aliases written out"):
        parse(text.encode())


def test_a_file_of_as_many_bytes_as_may_be_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(params_file, "MAX_BYTES", 11)
    (tmp_path / "params.yaml").write_text("a: 1 # long")
    assert read_params(tmp_path / "params.yaml") == {"a": 1}

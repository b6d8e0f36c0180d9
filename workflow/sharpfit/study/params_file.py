"""Read ``params.yaml`` as data: nothing in it is executed, guessed at or silently overwritten.

PyYAML's parser gives events; the values are made here, since its loaders keep the last of two equal keys and
read numbers as YAML 1.1 does (010 as 8, 1:30 as 90). Scalars without quotes follow the core schema of
YAML 1.2, section 10.3.2, https://yaml.org/spec/1.2.2/.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from sharpfit.errors import InputError
from sharpfit.files import regular_file
from sharpfit.study import paths

MAX_BYTES = 10_000_000
MAX_VALUES = 200_000  # aliases written out; a study of 10,000 scans has about 120,000
MAX_DEPTH = 32
MAX_DIGITS = 40
MAX_SHOWN = 80  # characters of a value in a message
WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
FLOAT = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)
# Keys that other readers of the same file (DVC, older YAML) take for a yes or no, a number or a date.
NO_KEY = re.compile(
    r"(?i:yes|no|on|off)|=|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])*(\.[0-9_]*)?([eE][-+]?[0-9]+)?"
    r"|[-+]?\.[0-9_]+([eE][-+]?[0-9]+)?|[-+]?0[xob][0-9a-fA-F_]+|[-+]?\.(?i:inf|nan)"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt \t].*)?"
)
# Lines of a merge that git could not resolve.
SIDES = ("<<<<<<< ", ">>>>>>> ")
MIDDLE = "======="
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_params(file: Path = Path(paths.PARAMS)) -> dict[str, Any]:
    """Keys and values of ``params.yaml``: text keys, each once; text, numbers, yes or no, lists and mappings.

    Raises
    ------
    InputError
        In one line, with line and column: no file, no UTF-8, no YAML; markers of a merge that git left; a key
        that is no text or stands there twice; a tag; more values than a study can have.
    """
    try:
        content = regular_file.read_bytes(file)
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"{Path.cwd()} is no study: it has no {paths.PARAMS}") from None
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from None
    if len(content) > MAX_BYTES:
        raise InputError(f"{file}: {len(content)} bytes; at most {MAX_BYTES} can be parameters")
    return parse(content, str(file))


def parse(content: bytes, name: str = paths.PARAMS) -> dict[str, Any]:
    """Read the same from bytes; `name` is the file's, for messages."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{name}: line {line}: byte {content[error.start]:#04x} is no UTF-8; save the file as UTF-8"
        ) from None
    if line := _conflict(text):
        raise InputError(
            f"{name}: line {line}: an unresolved merge conflict; keep what is right and delete git's markers"
        )
    try:
        value = _Document(yaml.parse(text, Loader=LOADER), name).value()
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise InputError(
            f"{name}: line {line}: character U+{error.character:04X} cannot stand in YAML; save the file as "
            "UTF-8"
        ) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise InputError(f"{_place(name, mark)}: {_problem(error, text.splitlines(), mark)}") from None
    if not isinstance(value, dict):
        raise InputError(f"{name} should hold keys and values")
    return value


def _conflict(text: str) -> int:
    """Return the number, from 1, of the first line that git put where branches differ; 0 without one."""
    numbered = enumerate(text.split("\n"), start=1)
    return next((n for n, line in numbered if line.rstrip("\r") == MIDDLE or line.startswith(SIDES)), 0)


class _Document:
    """Makes the values of one document from its events."""

    def __init__(self, events: Iterator[yaml.Event], name: str) -> None:
        self._events = events
        self._name = name
        self._count = 0
        self._anchors: dict[str, tuple[Any, int]] = {}

    def value(self) -> Any:
        """Return the document's value; None where there is none."""
        next(self._events)
        if isinstance(event := next(self._events), yaml.StreamEndEvent):
            return None
        if event.version not in (None, (1, 2)):  # another reader would take 010 for 8 by this very line
            raise self._error(event, "parameters are read as YAML 1.2; take the line with %YAML away")
        value = self._node(next(self._events), 0)
        next(self._events)
        if not isinstance(event := next(self._events), yaml.StreamEndEvent):
            raise self._error(event, "a second document; a study has one")
        return value

    def _node(self, event: yaml.Event, depth: int) -> Any:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            raise self._error(event, f"tag {shown(tag)}: tags are not read")
        if depth > MAX_DEPTH:
            raise self._error(event, f"nested deeper than {MAX_DEPTH} levels")
        before = self._count
        self._count_in(event, 1)
        value: Any
        if isinstance(event, yaml.MappingStartEvent):
            value = self._mapping(depth)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = self._sequence(depth)
        else:
            value = self._scalar(event) if event.implicit[0] else event.value
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, self._count - before)
        return value

    def _alias(self, event: yaml.Event) -> Any:
        """Return the value of an anchor, counted again, since whoever walks through it meets it again."""
        if event.anchor not in self._anchors:
            raise self._error(event, f"alias {shown(event.anchor)} names nothing that ends before it")
        value, count = self._anchors[event.anchor]
        self._count_in(event, count)
        return value

    def _mapping(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event)
            if key in found:
                raise self._error(event, f"key {shown(key)} stands there twice")
            found[key] = self._node(next(self._events), depth + 1)
        return found

    def _sequence(self, depth: int) -> list[Any]:
        found = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            found.append(self._node(event, depth + 1))
        return found

    def _key(self, event: yaml.Event) -> str:
        if not isinstance(event, yaml.ScalarEvent) or event.tag is not None or event.anchor is not None:
            raise self._error(event, "a key must be plain text")
        self._count_in(event, 1)
        plain = event.implicit[0]
        if plain and event.value == "<<":
            raise self._error(event, "<< merges nothing in YAML 1.2; write the keys themselves")
        if plain and not _is_text_to_all(event.value):
            if len(event.value) > MAX_DIGITS:
                raise self._error(event, f"key {shown(event.value)} is no text to every reader of YAML")
            raise self._error(
                event, f"key {event.value} is no text to every reader of YAML; write '{event.value}'"
            )
        return str(event.value)

    def _scalar(self, event: yaml.Event) -> Any:
        """Return the value of a scalar without quotes."""
        text: str = event.value
        if text in WORDS:
            return WORDS[text]
        if INTEGER.fullmatch(text):
            if len(text) > MAX_DIGITS:
                raise self._error(event, f"a number of {len(text)} digits")
            return int(text, 0 if text[:2] in ("0o", "0x") else 10)
        if FLOAT.fullmatch(text):
            return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        return text

    def _count_in(self, event: yaml.Event, count: int) -> None:
        self._count += count
        if self._count > MAX_VALUES:
            raise self._error(event, f"more than {MAX_VALUES} values, aliases written out")

    def _error(self, event: yaml.Event, what: str) -> InputError:
        return InputError(f"{_place(self._name, event.start_mark)}: {what}")


def as_key(name: str) -> str:
    """Return a name of letters, digits, ``_``, ``.`` and ``-`` as a key: in quotes where it must be."""
    return name if _is_text_to_all(name) else f"'{name}'"


def _is_text_to_all(key: str) -> bool:
    """Whether every reader of YAML takes a key without quotes for text."""
    return key not in WORDS and not NO_KEY.fullmatch(key)


def shown(value: Any) -> str:
    """Return a value as it is quoted in a message: on one line, long ones cut."""
    text = repr(value)
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"


def _place(name: str, mark: Any) -> str:
    return f"{name}: line {mark.line + 1}, column {mark.column + 1}" if mark else name


def _problem(error: yaml.MarkedYAMLError, lines: list[str], mark: Any) -> str:
    """Return what the parser found, in its words; a tab, which it names least clearly, in ours."""
    line = lines[mark.line] if mark and mark.line < len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "a tab; indent with spaces"
    began = error.context_mark.line + 1 if error.context and error.context_mark else None
    where = (
        f" {error.context} that begins in line {began}" if mark and began not in (None, mark.line + 1) else ""
    )
    return f"no YAML: {error.problem or error.context}{where}"

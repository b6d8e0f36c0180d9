"""Digest of the code a job runs: its script, the modules it chooses, and what these import, transitively.

What is hashed is the parsed code, so comments, formatting and docstrings make nothing stale; names,
numbers, messages and annotations do. Imports are found in the syntax tree wherever they stand (inside
functions too); imports by a computed name (``importlib``) are not seen, so a job names the modules it
chooses among several, and a job that loads others fails (`sharpfit.provenance.attest`). A class of exceptions
without a body of its own computes nothing and does not count. A file or folder that is no code, lies beside a
module and is named in it (a template, a style sheet) counts by its bytes.
"""

import ast
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from pathlib import Path

from sharpfit.files import regular_file
from sharpfit.provenance.atomic_write import write_atomically
from sharpfit.study.imports import files_behind, names_imported

NAME = re.compile(r"[\w.-]*\w[\w.-]*", re.ASCII)  # of a file or folder beside a module


@dataclass(frozen=True)
class Facts:
    """What matters about one module: digest of its parsed code, names it imports, files it may name."""

    digest: str
    imports: list[str]
    names: list[str]


class Code:
    """The project's code as it is when it is looked at; one object sees every file once.

    Parameters
    ----------
    root
        Folder that holds the packages, here ``workflow/``; digests are keyed by paths relative to it.
    memory
        File that remembers what was parsed before, by content; parsing is most of the work.
    """

    def __init__(self, root: Path, memory: Path) -> None:
        self.root = root
        self._memory = memory
        self._known = _remembered(memory)
        self._seen: dict[Path, Facts] = {}
        self._files: dict[tuple[str, Path], list[Path]] = {}  # of names that many modules import
        self._used: dict[str, Facts] = {}

    def digests(self, script: Path, modules: Iterable[str] = ()) -> dict[str, str]:
        """Digest of every file whose content can change what ``script`` does with these modules."""
        found: dict[str, str] = {}
        waiting = [script, *(file for name in modules for file in self._resolved(name, self.root))]
        while waiting:
            file = waiting.pop()
            if self._key(file) in found:
                continue
            facts = self._facts(file)
            found[self._key(file)] = facts.digest
            for name in facts.imports:
                waiting.extend(self._resolved(name, script.parent))
            for other in _data_files(facts.names, file.parent):
                found[self._key(other)] = hashlib.sha256(other.read_bytes()).hexdigest()
        return dict(sorted(found.items()))

    def imported(self, files: Iterable[str]) -> set[str]:
        """Top-level packages that these files, relative to the root, import wherever they do."""
        modules = (self.root / file for file in files if file.endswith(".py"))
        return {name.partition(".")[0] for file in modules for name in self._facts(file).imports}

    def save(self) -> None:
        """Remember what was parsed, for the next start and for jobs."""
        if self._used.keys() - self._known.keys():
            try:
                write_atomically(
                    self._memory, json.dumps({key: astuple(facts) for key, facts in self._used.items()})
                )
            except OSError:  # a read-only study is parsed at every start
                return

    def _resolved(self, name: str, beside: Path) -> list[Path]:
        if (name, beside) not in self._files:
            self._files[name, beside] = list(files_behind(name, (self.root, beside)))
        return self._files[name, beside]

    def _key(self, file: Path) -> str:
        return file.relative_to(self.root).as_posix()

    def _facts(self, file: Path) -> Facts:
        if file not in self._seen:
            source = file.read_bytes()
            key = f"{self._key(file)} {hashlib.sha256(source).hexdigest()}"
            self._seen[file] = self._known.get(key) or self._parse(source, file)
            self._used[key] = self._seen[file]
        return self._seen[file]

    def _parse(self, source: bytes, file: Path) -> Facts:
        tree = ast.parse(source, filename=str(file))
        imports = sorted(set(names_imported(tree, file.parent.relative_to(self.root).parts)))
        constants = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
        texts = {text.split("/")[0] for text in constants if isinstance(text, str)}
        names = sorted(text for text in texts if NAME.fullmatch(text))
        _drop_docstrings(tree)
        tree.body = [node for node in tree.body if not _is_bare_exception(node)]
        return Facts(hashlib.sha256(repr(_plain(tree)).encode()).hexdigest(), imports, names)


def _remembered(memory: Path) -> dict[str, Facts]:
    """Return what was parsed before; nothing where the memory is missing or damaged."""
    try:
        known = json.loads(regular_file.read_text(memory))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(known, dict):
        return {}
    return {key: Facts(*entry) for key, entry in known.items() if _are_facts(entry)}


def _are_facts(entry: object) -> bool:
    if not (isinstance(entry, list) and len(entry) == 3 and isinstance(entry[0], str)):
        return False
    return all(isinstance(one, list) and all(isinstance(text, str) for text in one) for one in entry[1:])


def _data_files(names: list[str], folder: Path) -> Iterator[Path]:
    for name in names:
        place = folder / name
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.is_file() and path.suffix not in (".py", ".pyc"):
                yield path


def _drop_docstrings(tree: ast.AST) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(getattr(first.value, "value", None), str):
                node.body = node.body[1:]


def _is_bare_exception(node: ast.stmt) -> bool:
    """Whether a statement defines a class of exceptions and nothing else."""
    if not isinstance(node, ast.ClassDef) or node.decorator_list or node.keywords or not node.bases:
        return False
    bases = [base.id if isinstance(base, ast.Name) else "" for base in node.bases]
    kinds = ("Error", "Exception", "Warning")
    return all(base.endswith(kinds) for base in bases) and all(isinstance(one, ast.Pass) for one in node.body)


def _plain(node: object) -> object:
    """Return the tree as nested tuples; empty fields are left out, so that Python versions agree on it."""
    if isinstance(node, ast.AST):
        fields = ast.iter_fields(node)
        return type(node).__name__, tuple(
            (name, _plain(value)) for name, value in fields if value is not None and value != []
        )
    if isinstance(node, list):
        return tuple(_plain(item) for item in node)
    return node

"""Digest of the code a script runs: itself and the project's modules it imports, transitively.

What is hashed is the parsed code, so comments, formatting and docstrings make nothing stale; names,
numbers, messages and annotations do. Imports are found in the syntax tree wherever they stand (inside
functions too); imports by a computed name (``importlib``) are not seen. A file or folder that is no code,
lies beside a module and is named in it (a template, a style sheet) counts by its bytes.
"""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

Folders = tuple[Path, ...]


def code_digests(script: Path, root: Path) -> dict[str, str]:
    """Digest of every file whose content can change what ``script`` does.

    Parameters
    ----------
    script
        The script that is run.
    root
        Folder that holds the packages, here ``workflow/``; digests are keyed by paths relative to it.
    """
    found: dict[str, str] = {}
    waiting = [script]
    while waiting:
        file = waiting.pop()
        key = file.relative_to(root).as_posix()
        if key in found:
            continue
        found[key], imported, named = _parse(file, root, script.parent)
        waiting.extend(imported)
        found.update({other.relative_to(root).as_posix(): _bytes_digest(other) for other in named})
    return dict(sorted(found.items()))


def forget() -> None:
    """Read files again that were read before: for a process that outlives an edit."""
    _parse.cache_clear()
    _bytes_digest.cache_clear()


@cache
def _bytes_digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@cache
def _parse(file: Path, root: Path, scripts: Path) -> tuple[str, Folders, Folders]:
    """Digest of one module, the project's modules it imports, the data files it names."""
    tree = ast.parse(file.read_bytes(), filename=str(file))
    imported = {module for name in _imports(tree, file, root) for module in _resolve(name, (root, scripts))}
    named = tuple(_data_files(tree, file.parent))
    _drop_docstrings(tree)
    digest = hashlib.sha256(repr(_plain(tree)).encode()).hexdigest()
    return digest, tuple(sorted(imported)), named


def _imports(tree: ast.AST, file: Path, root: Path) -> Iterator[str]:
    """Dotted names of everything imported; ``from a import b`` gives ``a.b``, since b may be a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = file.parent.relative_to(root).parts if node.level else ()
            parts = [
                *package[: len(package) - node.level + 1],
                *(node.module.split(".") if node.module else ()),
            ]
            yield from (".".join([*parts, alias.name]) for alias in node.names)


def _resolve(name: str, folders: Folders) -> Iterator[Path]:
    """The project's files that importing ``name`` executes: every package on the way and the module."""
    parts = name.split(".")
    for folder in folders:
        for end in range(1, len(parts) + 1):
            stem = folder.joinpath(*parts[:end])
            yield from (
                path for path in (stem / "__init__.py", stem.with_name(f"{stem.name}.py")) if path.is_file()
            )


def _data_files(tree: ast.AST, folder: Path) -> Iterator[Path]:
    beside = {path.name: path for path in folder.iterdir()}
    constants = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    for name in sorted({text.split("/")[0] for text in constants if isinstance(text, str)} & set(beside)):
        for path in sorted(beside[name].rglob("*")) if beside[name].is_dir() else [beside[name]]:
            if path.is_file() and path.suffix not in (".py", ".pyc"):
                yield path


def _drop_docstrings(tree: ast.AST) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(getattr(first.value, "value", None), str):
                node.body = node.body[1:]


def _plain(node: object) -> object:
    """The tree as nested tuples; empty fields are left out, so that Python versions agree on it."""
    if isinstance(node, ast.AST):
        fields = (
            (name, _plain(value))
            for name, value in ast.iter_fields(node)
            if value is not None and value != []
        )
        return type(node).__name__, tuple(fields)
    if isinstance(node, list):
        return tuple(_plain(item) for item in node)
    return node

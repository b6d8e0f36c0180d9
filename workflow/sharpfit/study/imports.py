"""What Python source imports, as its syntax tree has it, and the files behind it."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path


def names_imported(tree: ast.AST, package: tuple[str, ...]) -> Iterator[str]:
    """Dotted names of everything imported; ``from a import b`` gives ``a.b``, since b may be a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            parts = [*above, *(node.module.split(".") if node.module else ())]
            yield from (".".join([*parts, alias.name]) for alias in node.names)


def files_behind(name: str, folders: Iterable[Path]) -> Iterator[Path]:
    """List the files here that importing ``name`` executes: every package on the way and the module."""
    for folder in folders:
        stem = folder
        for part in name.split("."):
            stem /= part
            candidates = (stem / "__init__.py", stem.with_name(f"{part}.py"))
            yield from (path for path in candidates if path.is_file())
            if not stem.is_dir():  # most names are libraries', of which nothing is here
                break

"""What a study asks to be run beyond sharpfit itself: files of its own, and programs of the machine.

Planning reads such files and never runs them.
"""

from __future__ import annotations

import ast
import shlex
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from sharpfit.errors import InputError
from sharpfit.files import regular_file
from sharpfit.study import paths
from sharpfit.study.imports import files_behind, names_imported
from sharpfit.study.named_files import files_named

ALLOW = "allow_code"
MAX_SOURCE = 1_000_000  # bytes; parsing takes a second and some hundred times as much memory
N_GIVEN = 3
"""Arguments of a function that sharpfit gives: A, y and the start."""


def files_run(regime: Mapping[str, Any]) -> list[str]:
    """Files that a regime's own solver is made of or given: those that it names, and what these import.

    They are those of its function and of its arguments, or those that its command names. What they read
    beyond that is not known.
    """
    solver = regime.get("solver", {})
    named = [file for text in _texts(solver) for file in files_named(text)]
    if "file" in solver:
        named.append(solver["file"])  # which is told where it does not exist
    return sorted({file for name in named for file in _with_imports(name)})


def _texts(solver: Mapping[str, Any]) -> Iterator[str]:
    """Yield what may name files: the words of a command, or the arguments of a function."""
    with suppress(ValueError):  # told when the regime is checked
        yield from shlex.split(solver.get("command", ""))
    if "file" in solver:
        given = [value for key, value in solver.items() if key not in ("file", "function")]
        each = (one for value in given for one in (value if isinstance(value, list) else [value]))
        yield from (one for one in each if isinstance(one, str))


def _with_imports(file: str) -> set[str]:
    """Return a file and the modules in its own folder that it imports, and these, if it is Python's."""
    folder = Path(file).parent
    found: set[str] = set()
    waiting = [str(Path(file))]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting.extend(_imported(Path(one), folder))
    return found


def _imported(module: Path, folder: Path) -> Iterator[str]:
    """Yield the files that a module imports from its own folder, or from that of its program."""
    if module.suffix != ".py":
        return
    with suppress(InputError):  # it counts by its bytes all the same
        names = set(names_imported(_parsed(str(module)), module.parent.relative_to(folder).parts))
        for name in names:
            yield from map(str, files_behind(name, {folder, module.parent}))


def check_code(params: Mapping[str, Any], allowed: bool) -> None:
    """Refuse a study that runs code of its own, unless whoever runs it said so and the code can be called.

    Raises
    ------
    InputError
        One line that names the first regime with such code, and what it would run or what is wrong with it.
    """
    for name, regime in params.get("regimes", {}).items():
        solver = regime.get("solver", {})
        if "file" in solver:
            _check_function(f"{paths.PARAMS}: regimes.{name}.solver", **solver)
        what = solver.get("file") or solver.get("command")
        if what and not allowed:
            raise InputError(
                f"{paths.PARAMS}: regimes.{name}.solver runs `{what}`, and a study's code runs only where "
                f"you allow it: read it, then add --config {ALLOW}=true, or `{ALLOW}: true` in a profile"
            )


def _check_function(where: str, /, file: str, function: str, **arguments: Any) -> None:
    """Hold the arguments of a regime against a function's signature as its source has it.

    A file that is not there is told when its digest is asked for.
    """
    if not Path(file).is_file():
        return
    tree = _parsed(file)
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    wanted = next((node for node in found if node.name == function), None)
    if wanted is None:
        known = ", ".join(node.name for node in found) or "no function"
        raise InputError(f"{where}.function: {file} defines no {function}; it has {known}")
    positional = [one.arg for one in [*wanted.args.posonlyargs, *wanted.args.args]]
    taken = [*positional[N_GIVEN:], *(one.arg for one in wanted.args.kwonlyargs)]
    if len(positional) < N_GIVEN and wanted.args.vararg is None:
        raise InputError(f"{where}.function: {function} must take A, y and start first")
    for key in arguments:
        if key not in taken and wanted.args.kwarg is None:
            raise InputError(
                f"{where}.{key}: {function} has no such argument; it takes {', '.join(taken) or 'none'}"
            )


def _parsed(file: str) -> ast.Module:
    try:
        return ast.parse(regular_file.read_bytes(Path(file), MAX_SOURCE))
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from None
    except (SyntaxError, ValueError) as error:
        raise InputError(f"{file}: line {getattr(error, 'lineno', 1)}: {error.args[0]}") from None
    except (RecursionError, MemoryError):
        raise InputError(f"{file}: its source is nested too deeply to be parsed") from None

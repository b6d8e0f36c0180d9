"""Change the code in random single places and see whether the tests notice: the survivors are what they miss.

``python tools/mutants.py --number 200`` draws places in the rooms that compute and at each one of the changes
that cosmic-ray knows (a number, an operator, a comparison, a condition …), applies it to a copy of the
repository and runs the tests of its room and of the rooms that build on it, each time in a fork of a process
that has the libraries loaded. Slow, browser and workflow tests stay out, and so does the drawing, where the
width of a line has no right value. Prints a table by room and every survivor as Markdown.
"""

import argparse
import ast
import difflib
import importlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest
from cosmic_ray.commands import init
from cosmic_ray.mutating import mutate_code, use_mutation
from cosmic_ray.plugins import get_operator
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import MutationSpec

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGE = Path("workflow", "sharpfit")
# Room → folders of tests that should notice a change in it, the nearest first.
TESTS = {
    "files": ("files", "preparing"),
    "physics": ("physics", "preparing", "measuring", "fitting"),
    "simulation": ("simulation", "preparing"),
    "preparing": ("preparing", "running"),
    "measuring": ("measuring", "fitting", "judging"),
    "fitting": ("fitting", "measuring"),
    "judging": ("judging", "fitting"),
    "results": ("results", "judging", "reporting"),
    "reporting": ("reporting", "comparing"),
    "study": ("study", "running"),
}
DRAWING = ("figures.py", "page")  # of the room reporting
QUICK = "not slow and not workflow and not browser and not real"
SLOW_TO_IMPORT = ("torch", "scipy.special", "scipy.io", "h5py", "sigpy.mri.app", "matplotlib.pyplot")


def main() -> None:
    """Draw, apply, test, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--number", type=int, default=200, help="how many changes to try")
    parser.add_argument("--seed", type=int, default=0, help="of the draw")
    parser.add_argument("--rooms", nargs="*", default=sorted(TESTS), choices=sorted(TESTS))
    parser.add_argument(
        "--timeout", type=float, default=300, help="seconds after which a test run counts as failed"
    )
    options = parser.parse_args()
    tried: Counter[str] = Counter()
    survivors: dict[str, list[str]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as scratch:
        copy = _copy(Path(scratch) / "repository")
        for library in SLOW_TO_IMPORT:
            importlib.import_module(library)
        tests = sorted({folder for room in options.rooms for folder in TESTS[room]})
        if _fails(copy, tests, 4 * options.timeout, said=True):
            sys.exit("the tests fail before anything was changed")
        for i, change in enumerate(_draw(copy, options), 1):
            room = Path(change.module_path).relative_to(copy / PACKAGE).parts[0]
            noticed, diff = _test(copy, room, change, options.timeout)
            tried[room] += 1
            survivors[room] += [] if noticed else [diff]
            said = "noticed" if noticed else f"SURVIVED\n{diff}"
            print(f"{i}/{options.number} {room}: {said}", file=sys.stderr, flush=True)
    _tell(tried, survivors)


def _copy(target: Path) -> Path:
    """Copy what git tracks: the tests run on the copy, and nobody's files are touched."""
    files = subprocess.check_output(["git", "ls-files", "-z"], cwd=REPOSITORY, text=True).split("\0")
    for file in filter(None, files):
        (target / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / file, target / file)
    return target


def _draw(copy: Path, options: argparse.Namespace) -> list[MutationSpec]:
    """Draw places, and one of the changes possible at each."""
    folders = [copy / PACKAGE / room for room in options.rooms]
    modules = [path for folder in folders for path in sorted(folder.rglob("[!_]*.py"))]
    modules = [path for path in modules if not {*path.parts} & {*DRAWING}]
    places: dict[tuple[object, ...], list[MutationSpec]] = defaultdict(list)
    with use_db(":memory:", WorkDB.Mode.create) as database:
        init(modules, database, {})
        for item in database.work_items:
            (change,) = item.mutations
            places[str(change.module_path), change.start_pos, change.end_pos].append(change)
    chance = random.Random(options.seed)
    chosen: list[MutationSpec] = []
    for place in chance.sample(sorted(places), len(places)):
        change = chance.choice(sorted(places[place], key=lambda one: one.operator_name))
        if len(chosen) < options.number and _changes_what_runs(change):
            chosen.append(change)
    return chosen


def _changes_what_runs(change: MutationSpec) -> bool:
    """Leave out decorators, annotations, the star of a signature, and what Python would not compile."""
    if "Decorator" in change.operator_name:
        return False
    source = Path(change.module_path).read_text(encoding="utf-8")
    operator = get_operator(change.operator_name)(**change.operator_args)
    try:
        before, after = (
            _without_annotations(text) for text in (source, mutate_code(source, operator, change.occurrence))
        )
    except SyntaxError:
        return False
    return before != after


def _without_annotations(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            arguments = node.args
            arguments.args = arguments.posonlyargs + arguments.args + arguments.kwonlyargs
            arguments.posonlyargs, arguments.kwonlyargs, node.returns = [], [], None
        elif isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.AnnAssign):
            node.annotation = ast.Name("_", ast.Load())
    return ast.dump(tree)


def _test(copy: Path, room: str, change: MutationSpec, timeout: float) -> tuple[bool, str]:
    """Whether the tests fail on the change, and the change as a diff."""
    operator = get_operator(change.operator_name)(**change.operator_args)
    with use_mutation(change.module_path, operator, change.occurrence) as versions:
        noticed = _fails(copy, TESTS[room], timeout)
    name = str(Path(change.module_path).relative_to(copy))
    before, after = (text.splitlines() for text in versions)
    diff = difflib.unified_diff(before, after, name, name, n=0, lineterm="")
    return noticed, "\n".join(diff)


def _fails(copy: Path, folders: Iterable[str], timeout: float, said: bool = False) -> bool:
    """Run the tests of these folders in a fork, the first failure or the time ends it."""
    child = os.fork()
    if child == 0:
        os.setsid()
        os.chdir(copy)
        sys.dont_write_bytecode = not said  # a pyc knows its source by the second and the size alone
        os.dup2(2 if said else os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(1, 2)
        paths = [f"tests/{folder}" for folder in folders if Path("tests", folder).exists()]
        os._exit(int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-m", QUICK, *paths])))
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status) != 0
        time.sleep(0.05)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def _tell(tried: Counter[str], survivors: dict[str, list[str]]) -> None:
    print("| room | changes tried | noticed |\n|---|---|---|")
    for room in sorted(tried):
        print(f"| {room} | {tried[room]} | {tried[room] - len(survivors[room])} |")
    missed = sum(map(len, survivors.values()))
    print(f"| all | {tried.total()} | {tried.total() - missed} ({1 - missed / max(tried.total(), 1):.0%}) |")
    for room, diffs in sorted(survivors.items()):
        for diff in diffs:
            print(f"\n{room}\n\n```diff\n{diff}\n```")


if __name__ == "__main__":
    main()

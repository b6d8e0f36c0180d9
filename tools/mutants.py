"""Change the code in random single places and see whether the tests notice: the survivors are what they miss.

``python tools/mutants.py --number 200`` draws places in the rooms that compute and at each one of the changes
that cosmic-ray knows (a number, an operator, a comparison, a condition …), applies it to a copy of the
repository and runs the tests that run the changed lines, the quickest first, each time in a fork of a
process that has the libraries loaded; which tests these are is learnt by running all of them once under
coverage. What runs as a module is imported is tried by every test that runs anything of the module, and what
none was seen to run, as in a process of its own, by the tests of its room. Slow, browser and workflow tests
stay out, and so does the drawing, where the width of a line has no right value. Prints a table by room and
every survivor as Markdown; ``--only 17 40`` tries these of the draw again.
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
from pathlib import Path
from xml.etree import ElementTree

import pytest
from cosmic_ray.commands import init
from cosmic_ray.mutating import mutate_code, use_mutation
from cosmic_ray.plugins import get_operator
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import MutationSpec
from coverage import CoverageData

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGE = Path("workflow", "sharpfit")
AROUND = {"commands", "comparing", "exporting", "provenance", "running"}  # rooms that do not compute
ROOMS = sorted({init.parent.name for init in (REPOSITORY / PACKAGE).glob("*/__init__.py")} - AROUND)
DRAWING = ("figures.py", "page")  # of the room reporting
TIMES = "times.xml"
QUICK = "not slow and not workflow and not browser and not real"
SLOW_TO_IMPORT = ("torch", "scipy.special", "scipy.io", "h5py", "sigpy.mri.app", "matplotlib.pyplot")


def main() -> None:
    """Draw, apply, test, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--number", type=int, default=200, help="how many changes to try")
    parser.add_argument("--seed", type=int, default=0, help="of the draw")
    parser.add_argument("--rooms", nargs="*", default=ROOMS, choices=ROOMS)
    parser.add_argument("--only", nargs="*", type=int, help="numbers of the draw; all without")
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
        if _status(copy, *_learning(copy), said=True) != 0:
            sys.exit("the tests fail before anything was changed")
        known = Known(copy)
        for i, change in enumerate(_draw(copy, options), 1):
            if options.only and i not in options.only:
                continue
            room = Path(change.module_path).relative_to(copy / PACKAGE).parts[0]
            noticed, diff = _test(copy, known, change, options.timeout)
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
    """Leave out decorators, annotations, the star of a signature, and what Python would not compile.

    And what cosmic-ray cannot change: of several exceptions, one that is written ``module.Name``.
    """
    if "Decorator" in change.operator_name:
        return False
    source = Path(change.module_path).read_text(encoding="utf-8")
    operator = get_operator(change.operator_name)(**change.operator_args)
    try:
        before, after = (
            _without_annotations(text) for text in (source, mutate_code(source, operator, change.occurrence))
        )
    except (SyntaxError, AttributeError):
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


def _learning(copy: Path) -> list[str]:
    """Arguments for pytest to run all tests, and to write down what each runs and how long it takes."""
    package = copy / PACKAGE
    coverage = [f"--cov={package}", "--cov-context=test", "--cov-report="]
    return ["-n", "auto", "--junit-xml", str(copy / TIMES), "-o", "junit_family=xunit1", *coverage, "tests"]


class Known:
    """Which tests run which lines, the quickest first, from a run of all of them."""

    def __init__(self, copy: Path) -> None:
        self._copy = copy
        self._data = CoverageData(str(copy / ".coverage"))
        self._data.read()
        self._seconds: dict[str, float] = {}
        for case in ElementTree.parse(copy / TIMES).iter("testcase"):
            self._seconds[f"{case.get('file')}::{case.get('name')}"] = float(case.get("time", 0))

    def tests(self, file: Path, first: int, last: int) -> list[str]:
        """Ids of the tests that run one of these lines; of the module, if importing it does.

        What a fixture runs may be made for one test and looked at by others, so all tests of its file count.
        """
        by_line = self._data.contexts_by_lineno(str(file))
        called = _in_functions(file.read_text(encoding="utf-8"))
        lines = [by_line[line] for line in range(first, last + 1) if line in by_line] or [[""]]
        contexts = {one for contexts in lines for one in contexts}
        if "" in contexts or first not in called:
            contexts = {one for contexts in by_line.values() for one in contexts}
        ids = {context.rpartition("|")[0] for context in contexts if context}
        made = {context.partition("::")[0] for context in contexts if context.endswith("|setup")}
        ids |= {one for one in self._seconds if one.partition("::")[0] in made}
        if not ids or not called & by_line.keys():
            room = f"tests/{file.relative_to(self._copy / PACKAGE).parts[0]}/"
            ids |= {one for one in self._seconds if one.startswith(room)}
        return sorted(ids, key=lambda one: (self._seconds.get(one, 0), one))


def _in_functions(source: str) -> set[int]:
    """Lines that run when a function is called; all others run once, in whichever test imports the module."""
    return {
        line
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for line in range(node.body[0].lineno, (node.end_lineno or node.lineno) + 1)
    }


class Only:
    """A plugin of pytest that runs these tests alone, in this order."""

    def __init__(self, ids: list[str]) -> None:
        self._place = {one: i for i, one in enumerate(ids)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Sort, and leave out the others."""
        items[:] = sorted(
            (item for item in items if item.nodeid in self._place), key=lambda item: self._place[item.nodeid]
        )


def _test(copy: Path, known: Known, change: MutationSpec, timeout: float) -> tuple[bool, str]:
    """Whether a test fails on the change, and the change as a diff."""
    file = Path(change.module_path)
    ids = known.tests(file, change.start_pos[0], change.end_pos[0])
    operator = get_operator(change.operator_name)(**change.operator_args)
    with use_mutation(change.module_path, operator, change.occurrence) as versions:
        files = sorted({one.partition("::")[0] for one in ids})
        status = _status(copy, *files, only=Only(ids), timeout=timeout) if ids else pytest.ExitCode.OK
    name = str(file.relative_to(copy))
    before, after = (text.splitlines() for text in versions)
    diff = difflib.unified_diff(before, after, name, name, n=0, lineterm="")
    return status != pytest.ExitCode.OK, "\n".join([f"{len(ids)} tests run it", *diff])


def _status(
    copy: Path, *arguments: str, only: Only | None = None, timeout: float = 3600, said: bool = False
) -> int:
    """Run tests in a fork, where the first failure or the time ends it; returns pytest's exit status."""
    child = os.fork()
    if child == 0:
        os.setsid()
        os.chdir(copy)
        sys.dont_write_bytecode = not said  # a pyc knows its source by the second and the size alone
        os.dup2(2 if said else os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(1, 2)
        options = ["-x", "-q", "-p", "no:cacheprovider", "-m", QUICK]
        os._exit(int(pytest.main([*options, *arguments], plugins=[only] if only else [])))
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return int(pytest.ExitCode.TESTS_FAILED)


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

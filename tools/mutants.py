"""Change the code in random single places and see whether the tests notice: the survivors are what they miss.

``python tools/mutants.py --number 200`` draws places in the rooms that compute and at each one of the changes
that cosmic-ray knows (a number, an operator, a comparison, a condition …), applies it to a copy of the
repository and runs the tests of its room and of the rooms that build on it. Slow, browser and workflow tests
stay out. Prints a table by room and every survivor as Markdown.
"""

import argparse
import random
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

from cosmic_ray.commands import init
from cosmic_ray.mutating import mutate_and_test
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import MutationSpec, TestOutcome

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
QUICK = "not slow and not workflow and not browser and not real"


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
        for i, change in enumerate(_draw(copy, options), 1):
            room = Path(change.module_path).relative_to(copy / PACKAGE).parts[0]
            noticed, diff = _test(copy, room, change, options.timeout)
            tried[room] += 1
            survivors[room] += [] if noticed else [diff]
            print(
                f"{i}/{options.number} {room}: {'noticed' if noticed else 'SURVIVED'}",
                file=sys.stderr,
                flush=True,
            )
    _tell(tried, survivors)


def _copy(target: Path) -> Path:
    """Copy what git tracks: the tests run on the copy, and nobody's files are touched."""
    files = subprocess.check_output(["git", "ls-files", "-z"], cwd=REPOSITORY, text=True).split("\0")
    for file in filter(None, files):
        (target / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / file, target / file)
    return target


def _draw(copy: Path, options: argparse.Namespace) -> list[MutationSpec]:
    """Draw places, and one of the changes possible at each; annotations and decorators are left alone."""
    modules = [path for room in options.rooms for path in sorted((copy / PACKAGE / room).rglob("[!_]*.py"))]
    places: dict[tuple[object, ...], list[MutationSpec]] = defaultdict(list)
    with use_db(":memory:", WorkDB.Mode.create) as database:
        init(modules, database, {})
        for item in database.work_items:
            (change,) = item.mutations
            if "BitOr" not in change.operator_name and "Decorator" not in change.operator_name:
                places[str(change.module_path), change.start_pos, change.end_pos].append(change)
    chance = random.Random(options.seed)
    chosen = chance.sample(sorted(places), min(options.number, len(places)))
    return [chance.choice(sorted(places[place], key=lambda one: one.operator_name)) for place in chosen]


def _test(copy: Path, room: str, change: MutationSpec, timeout: float) -> tuple[bool, str]:
    """Whether the tests fail on the change, and the change as a diff."""
    folders = [f"tests/{folder}" for folder in TESTS[room] if (copy / "tests" / folder).exists()]
    pytest = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-m", QUICK, *folders]
    command = f"env --chdir={shlex.quote(str(copy))} {shlex.join(pytest)}"
    result = mutate_and_test([change], command, timeout)
    lines = [line for line in str(result.diff).splitlines() if line[:1] in "+-@"]
    return result.test_outcome != TestOutcome.SURVIVED, "\n".join(lines).replace(f"{copy}/", "")


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

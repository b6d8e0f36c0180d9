"""Look the pinned packages up in the public list of known holes: ``python tools/audit.py``.

pip-audit calls it a success when its list holds none of them. Where it looked up less than all, or could not
reach its list, every package is fetched instead and held against the hashes on record (``hashes.txt``), so
that what is installed are at least the files on record.
"""

import json
import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOOK_UP = ("--format", "json", "--no-deps", "--disable-pip", "--requirement", "constraints.txt")


def main() -> int:
    """Print what was found; return 1 for a known hole or for a file that is not the one on record."""
    command = [str(Path(sys.executable).with_name("pip-audit")), *LOOK_UP]
    printed = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False
    ).stdout
    n_looked_up, n_all, holes = read_report(printed)
    for hole in holes:
        print(hole)
    if holes:
        return 1
    if n_looked_up and n_looked_up == n_all:
        print(f"{n_all} packages looked up, no known hole")
        return 0
    print(f"The list of known holes has {n_looked_up} of {n_all or 'all'} packages; comparing hashes instead")
    return hold_against_hashes((ROOT / "hashes.txt").read_text(encoding="utf-8"))


def read_report(text: str) -> tuple[int, int, list[str]]:
    """Return how many packages pip-audit looked up, of how many, and its findings, one line each."""
    try:
        packages = json.loads(text)["dependencies"]
    except (ValueError, KeyError):  # its list is out of reach
        return 0, 0, []
    holes = [
        f"{one['name']} {one['version']}: {hole['id']}, fixed in {', '.join(hole['fix_versions']) or 'none'}"
        for one in packages
        for hole in one.get("vulns", ())
    ]
    return sum("vulns" in one for one in packages), len(packages), holes


def hold_against_hashes(recorded: str) -> int:
    """Fetch every package into a folder that is thrown away; return 0 if all files are those on record."""
    entries = [entry for entry in recorded.replace("\\\n", "").splitlines() if not entry.startswith("#")]
    own_builds = [name for name in (entry.split("==")[0] for entry in entries) if "+" in installed(name)]
    kept = [entry for entry in entries if entry.split("==")[0] not in own_builds]
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "wanted.txt"
        wanted.write_text("\n".join(kept) + "\n", encoding="utf-8")
        arguments = ["--no-deps", "--require-hashes", "--target", f"{folder}/files", "-r", str(wanted)]
        status = subprocess.run(
            [sys.executable, ROOT / "tools/install.py", *arguments], check=False
        ).returncode
    if not status:
        left_out = f"; not compared, since built for a device: {', '.join(own_builds)}" if own_builds else ""
        print(f"{len(kept)} packages are the files on record{left_out}")
    return status


def installed(name: str) -> str:
    """Version of an installed package, empty where there is none."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


if __name__ == "__main__":
    sys.exit(main())

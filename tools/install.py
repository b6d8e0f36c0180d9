"""Install with uv where pip can fetch it, with pip else: ``python tools/install.py [arguments]``.

uv installs the environment in a fraction of pip's time, but reads none of pip's settings. It is told where
pip looks (indexes, folders of wheels, constraints, certificates; from files and PIP_* variables), and, as pip
does, to take the best version that any of them has: a build of torch that pip finds is found by uv.
"""

import ast
import os
import subprocess
import sys
from pathlib import Path

FLAGS = {
    "index-url": "--index-url",
    "extra-index-url": "--extra-index-url",
    "find-links": "--find-links",
    "constraint": "--constraint",
    "trusted-host": "--allow-insecure-host",
}
# Where a later section sets what an earlier one does, pip takes the later.
SECTIONS = ("global", "install", ":env:")


def main(arguments: list[str]) -> int:
    """Install into the environment of this Python; return the exit status."""
    pip = [sys.executable, "-m", "pip"]
    quiet = ["--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", *quiet, "uv"], stderr=subprocess.DEVNULL, check=False)
    uv = Path(sys.executable).with_name("uv")
    if uv.exists():
        listed = subprocess.run([*pip, "config", "list"], capture_output=True, text=True, check=False).stdout
        found = settings(listed)
        environment = {"SSL_CERT_FILE": found["cert"], **os.environ} if "cert" in found else None
        target = ["--quiet", "pip", "install", "--python", sys.executable]
        if not subprocess.run(
            [uv, *target, *as_flags(found), *arguments], env=environment, check=False
        ).returncode:
            return 0
        print("uv could not install this; trying pip", file=sys.stderr)
    return subprocess.run([*pip, "install", *quiet, *arguments], check=False).returncode


def settings(listed: str) -> dict[str, str]:
    """Read what ``pip config list`` prints, ``section.key='value'`` a line, as pip itself would apply it."""
    found: dict[str, dict[str, str]] = {section: {} for section in SECTIONS}
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        section, _, key = name.rpartition(".")
        if section in found:
            found[section][key] = ast.literal_eval(value)
    return {key: value for section in SECTIONS for key, value in found[section].items()}


def as_flags(found: dict[str, str]) -> list[str]:
    """Arguments of ``uv pip install`` that make it look where pip does."""
    flags = [
        argument
        for key, flag in FLAGS.items()
        for value in found.get(key, "").split()
        for argument in (flag, value)
    ]
    if found.get("no-index", "").lower() in ("1", "true", "yes", "on"):
        flags.append("--no-index")
    return [*flags, "--index-strategy", "unsafe-best-match"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Install with uv where pip can fetch it, with pip else: ``python tools/install.py [arguments]``.

uv installs the environment in a fraction of pip's time, but reads none of pip's settings. It is told where
pip looks (indexes, folders of wheels, constraints, certificates; from files and PIP_* variables), and, as pip
does, to take the best version that any of them has: a build of torch that pip finds is found by uv.
"""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TextIO

FLAGS = {
    "index-url": "--index-url",
    "extra-index-url": "--extra-index-url",
    "find-links": "--find-links",
    "constraint": "--constraint",
    "trusted-host": "--allow-insecure-host",
}
# First words of what uv says that a person wants to read; besides, it names each package, some 160 lines.
SHOWN = ("Resolved", "Downloading", "Prepared", "Installed")
CLEAR = "\r\x1b[K"
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
        target = ["pip", "install", "--python", sys.executable]
        if not watched([str(uv), *target, *as_flags(found), *arguments], environment):
            return 0
        print("uv could not install this; trying pip", file=sys.stderr)
    print("pip installs, and says nothing until it is done: some minutes", file=sys.stderr)
    return subprocess.run([*pip, "install", *quiet, *arguments], check=False).returncode


def watched(command: list[str], environment: dict[str, str] | None) -> int:
    """Run uv; show in one line what it is at, or all that it said where it failed; return its exit status."""
    said = []
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as uv:
        for line in uv.stderr or ():
            said.append(line)
            if line.split(" ")[0] in SHOWN:
                show(line.rstrip(), sys.stderr)
    print(CLEAR * sys.stderr.isatty(), end="", file=sys.stderr, flush=True)
    if uv.returncode:
        sys.stderr.writelines(said)
    return uv.returncode


def show(line: str, stream: TextIO) -> None:
    """Show a line in place of the last one; where the stream is no terminal, below it."""
    text = f"{CLEAR}{line[: shutil.get_terminal_size().columns - 1]}" if stream.isatty() else f"{line}\n"
    print(text, end="", file=stream, flush=True)


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

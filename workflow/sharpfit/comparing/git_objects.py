"""What a repository of git holds, asked in a way that runs nothing that the repository brings."""

import os
import re
import subprocess

from sharpfit.errors import InputError

# What DVC reads of a revision: its own files wherever they lie, and results that git itself keeps.
_READ = re.compile(r"(.*/)?(dvc\.(yaml|lock)|params\.yaml|\.dvcignore|[^/]+\.dvc|(\.dvc|results)/.*)")


class ObjectsNotHereError(InputError):
    """A revision of which the repository has the commit, and not all files."""


def ask_git(*arguments: str, given: str = "") -> subprocess.CompletedProcess[bytes]:
    """Ask the object store of the current folder's repository, which may have come with a received study.

    What is asked here runs no hook, filter or pager. A repository could still have git fetch what it lacks,
    by a program that its settings name: so no protocol is allowed, whatever they say.
    """
    alone = {**os.environ, "GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1"}
    return subprocess.run(
        ["git", *arguments], env=alone, input=given.encode(), capture_output=True, check=False
    )


def check_objects(revision: str) -> None:
    """Refuse a revision of which git has not all that DVC reads: DVC would wait for it without end.

    What git does not know as a revision is left to DVC, which knows more names.

    Raises
    ------
    ObjectsNotHereError
        for a clone with a filter, and for damaged objects
    """
    try:
        known = ask_git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    except OSError:  # no git here; DVC may do without
        return
    if known.returncode:
        return
    listed = ask_git("ls-tree", "-r", "-z", "--full-tree", revision)
    entries = (entry.partition("\t") for entry in listed.stdout.decode(errors="replace").split("\0"))
    objects = "".join(f"{head.split()[2]}\n" for head, _, path in entries if _READ.fullmatch(path))
    told = ask_git("cat-file", "--batch-check", given=objects)
    read = ask_git("cat-file", "--batch", given=objects)
    if listed.returncode or told.returncode or read.returncode or b" missing\n" in told.stdout:
        raise ObjectsNotHereError(
            f"{revision}: this repository lacks files of that revision, as a clone with a filter does, or "
            "they are damaged; fetch all by `git fetch --refetch --no-filter`"
        )

"""Files that a study reads and DVC does not look at: it passes over a stage of which no `deps` changed."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sharpfit.errors import InputError
from sharpfit.provenance.stale import Provenance
from sharpfit.study import paths
from sharpfit.study.params_file import read_params
from sharpfit.study.words import some

DVC_FILE = "dvc.yaml"


def unseen_by_dvc(provenance: Provenance) -> Iterator[str]:
    """Yield a line for each stage that reads files which neither its `deps` nor a later stage's cover.

    Nothing is said where there is no ``dvc.yaml``, or one whose `deps` cannot be told from it alone.
    """
    rules = list(dict.fromkeys(job.rule for job in provenance.jobs))
    deps = _deps_of_stages()
    for number, rule in enumerate(rules if deps else ()):
        seen = _places(dep for stage, named in deps.items() if stage not in rules[:number] for dep in named)
        read = {file for job in provenance.jobs if job.rule == rule for file in job.input_files}
        if unseen := [file for file in sorted(read - provenance.maker.keys()) if not _is_in(seen, file)]:
            them = "it" if len(unseen) == 1 else "them"
            lie_there = any(Path(file).is_relative_to(paths.RAW) for file in unseen)  # by a link to a folder
            may_lie_there = rule == "preprocess" and _is_in(seen, paths.RAW) and not lie_there
            keep = f", or keep {them} in {paths.RAW}" if may_lie_there else ""
            yield (
                f"dvc repro will not see changes of {some(unseen)}: "
                f"name {them} under deps of {rule} in {DVC_FILE}{keep}"
            )


def _deps_of_stages() -> dict[str, list[Path]]:
    """Return the `deps` of every stage, seen from the study's folder; none where they cannot be told."""
    try:
        stages = read_params(Path(DVC_FILE)).get("stages")
    except InputError:
        return {}
    if not (isinstance(stages, dict) and all(map(_is_plain, stages.values()))):
        return {}
    return {
        name: [Path(stage.get("wdir", "."), dep) for dep in stage.get("deps", [])]
        for name, stage in stages.items()
    }


def _is_plain(stage: Any) -> bool:
    """Whether a stage names its `deps` itself, and not by a template that DVC fills in."""
    if not (isinstance(stage, dict) and "cmd" in stage and isinstance(stage.get("deps", []), list)):
        return False
    names = [stage.get("wdir", "."), *stage.get("deps", [])]
    return all(isinstance(name, str) and "${" not in name for name in names)


def _places(files: Iterable[Path]) -> set[Path]:
    """Return where files and folders lie, and where they lead if they are links.

    Links to folders on the way are followed: DVC walks into none that lies in a folder of its `deps`.
    """
    lie = {Path(os.path.realpath(file.parent), file.name) for file in files}
    return lie | {Path(os.path.realpath(place)) for place in lie}


def _is_in(places: set[Path], file: str) -> bool:
    """Whether a file is one of these places, or in one that is a folder."""
    return any(not places.isdisjoint((place, *place.parents)) for place in _places([Path(file)]))

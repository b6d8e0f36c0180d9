"""Kill a run and its jobs at a random moment; the next plain run must end with the undisturbed bytes.

As a script: ``python tests/workflow/crash.py 30`` repeats that and prints how many runs recovered.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scratch import Scratch, build

JOB_SECONDS = "0.2"


def start(study: Scratch, *arguments: str) -> subprocess.Popen[str]:
    """Begin a run in a process group of its own."""
    return subprocess.Popen(
        ["snakemake", "--cores", "2", *arguments],
        cwd=study.root,
        env=study.environment() | {"STUB_SECONDS": JOB_SECONDS},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # tests may run where it is ignored
    )


def kill_at(study: Scratch, seconds: float) -> None:
    """Start a run and kill -9 all of it after so many seconds."""
    run = start(study)
    time.sleep(seconds)
    os.killpg(run.pid, signal.SIGKILL)
    run.communicate()


def recover(study: Scratch, undisturbed: dict[str, bytes]) -> str:
    """Run again, plainly; returns what is not as if nothing had happened, empty where all is."""
    done = study.call("snakemake", "--cores", "2", ok=False)
    if done.returncode:
        return f"a plain rerun ended with status {done.returncode}:\n{done.stdout}"
    found = study.snapshot()
    kinds = {
        "missing": undisturbed.keys() - found.keys(),
        "left over": found.keys() - undisturbed.keys(),
        "other bytes": {
            name for name in found.keys() & undisturbed.keys() if found[name] != undisturbed[name]
        },
    }
    if wrong := [f"{kind}: {', '.join(sorted(names))}" for kind, names in kinds.items() if names]:
        return "\n".join([*wrong, "after a plain rerun, which said:", done.stdout])
    again = study.snakemake()
    return f"a second rerun ran {', '.join(sorted(again))}:\n{study.output}" if again else ""


def main(count: int) -> None:
    """Kill ``count`` runs and report."""
    moments = random.Random(2026)
    with tempfile.TemporaryDirectory() as folder:
        fresh = build(Path(folder) / "fresh")
        whole = Scratch(Path(folder) / "whole")
        shutil.copytree(fresh.root, whole.root)
        whole.env["STUB_SECONDS"] = JOB_SECONDS
        begun = time.monotonic()
        whole.snakemake()
        duration, undisturbed = time.monotonic() - begun, whole.snapshot()
        recovered = 0
        for index in range(count):
            study = Scratch(Path(folder) / f"study{index}")
            shutil.copytree(fresh.root, study.root)
            moment = moments.uniform(0.5, duration)
            kill_at(study, moment)
            wrong = recover(study, undisturbed)
            recovered += not wrong
            said = f"NOT RECOVERED\n{wrong}" if wrong else "recovered"
            print(f"killed after {moment:5.2f} s of {duration:.1f} s: {said}", flush=True)
            shutil.rmtree(study.root)
    print(f"{recovered} of {count} killed runs recovered by a plain rerun with identical bytes")
    sys.exit(recovered != count)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)

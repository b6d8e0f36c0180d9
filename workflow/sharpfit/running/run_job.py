"""Run one script as one job: spec in, results and their sidecar out.

``python -m sharpfit.running.run_job --spec …`` loads ``workflow/scripts/<rule>.py``, hands its ``main``
temporary paths, renames what was written when ``main`` has returned, and writes the sidecar last, so that
whatever kills a job at whatever moment leaves nothing that looks finished. Scripts import only what computes:
nothing here counts in a result's fingerprint.
"""

import argparse
import importlib.util
import inspect
import json
import os
import shutil
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from sharpfit.errors import InputError
from sharpfit.provenance.attest import (
    WORKFLOW,
    check_code,
    check_inputs,
    check_used,
    loaded_code,
    recorded,
    write_sidecar,
)
from sharpfit.provenance.digests import DigestCache
from sharpfit.provenance.sidecar import Spec, fingerprint
from sharpfit.running import accounts, compute
from sharpfit.running.pausing import StoppedError, end_when_asked, pause_when_asked
from sharpfit.running.progress import Progress
from sharpfit.running.uncompiled import leave_the_compiler_out
from sharpfit.study import paths
from sharpfit.study.streams import print_utf8

Main = Callable[..., None]


def run(argv: list[str] | None = None) -> None:
    """Run the job of a spec. Exits with status 1 and one line where something is wrong.

    Command line: ``--spec FILE.json [--log FILE] [--device auto|cpu|cuda|cuda:N]``.
    """
    parser = argparse.ArgumentParser(description="Run one job of a study.")
    parser.add_argument(
        "--spec", type=Path, required=True, help="what to do: .snakemake/spec/<fingerprint>.json"
    )
    parser.add_argument(
        "--log", type=Path, help="send everything printed to this file, where the console reads it"
    )
    parser.add_argument(
        "--device", default="cpu", help="auto, cpu, cuda or cuda:N; used by reconstruct alone"
    )
    options = parser.parse_args(argv)
    if options.log:
        _log_to(options.log)
    try:
        end_when_asked()
        _run(options.spec, options.device)
    except InputError as error:
        _fail(f"{accounts.ERROR}{error}")
    except StoppedError as stop:
        print(f"{accounts.STOPPED}{stop.words}", flush=True)
        raise SystemExit(stop.code) from None
    except OSError as error:
        traceback.print_exc()
        where = f": {error.filename}" if error.filename else ""
        _fail(f"{accounts.ERROR}{error.strerror or error}{where}")
    except Exception as error:  # noqa: BLE001 -- its traceback stands in the log, one line where people look
        traceback.print_exc()
        said = str(error).splitlines()[0] if str(error) else ""
        _fail(f"{accounts.ERROR}{type(error).__name__}: {said} (traceback above)")


def _run(spec_file: Path, device: str) -> None:
    spec = _read_spec(spec_file)
    name = fingerprint(spec)
    digests = DigestCache(Path(paths.DIGESTS))
    upstream = check_inputs(spec, digests)
    machinery = loaded_code()
    compute.fix_threads()
    main = _main_of(spec["rule"])
    leave_the_compiler_out()
    check_code(spec)
    loaded = loaded_code()
    temporary = paths.temporary(spec["sidecar"]) / f"{name}-{os.getpid()}"
    temporary.mkdir(parents=True)
    try:
        made = {keyword: temporary / Path(path).name for keyword, path in spec["outputs"].items()}
        with _run_options(main, spec, device, temporary) as options:
            try:
                main(**spec["params"], **_as_paths(spec["inputs"]), **made, **options)
            except StoppedError:
                raise
            except SystemExit as end:  # a study's solver; without outputs it would be no error to Snakemake
                raise InputError(f"the study's code ended the job: sys.exit({end.code!r})") from end
        check_inputs(spec, digests)
        check_code(spec, loaded)
        check_used(spec, machinery)
        for keyword, path in spec["outputs"].items():
            _put(made[keyword], Path(path))
        write_sidecar(spec, upstream, recorded(spec, options.get("device", "cpu")), digests)
        shutil.rmtree(paths.state(name), ignore_errors=True)
        for line in accounts.account(spec):
            print(line, flush=True)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _main_of(rule: str) -> Main:
    """Load the script of a rule from its file."""
    found = importlib.util.spec_from_file_location(f"job_{rule}", WORKFLOW / "scripts" / f"{rule}.py")
    if found is None or found.loader is None:
        raise InputError(f"workflow/scripts/{rule}.py cannot be loaded")
    module = importlib.util.module_from_spec(found)
    sys.modules[found.name] = module
    found.loader.exec_module(module)
    main: Main = module.main
    return main


def _read_spec(file: Path) -> Spec:
    """Read a spec; one that is damaged is removed, so that the next start writes it anew."""
    try:
        spec: Spec = json.loads(file.read_text(encoding="utf-8"))
        if fingerprint(spec) == file.stem:
            return spec
    except OSError as error:
        raise InputError(f"{file}: {error.strerror}; run snakemake again") from error
    except ValueError:
        pass
    file.unlink(missing_ok=True)
    raise InputError(f"{file}: was damaged; run snakemake again")


def _as_paths(inputs: dict[str, Any]) -> dict[str, Path | list[Path]]:
    return {
        keyword: Path(value) if isinstance(value, str) else [Path(file) for file in value]
        for keyword, value in inputs.items()
    }


@contextmanager
def _run_options(main: Main, spec: Spec, device: str, temporary: Path) -> Iterator[dict[str, Any]]:
    """Keyword arguments that are no science, where ``main`` takes them.

    ``device``; ``state``, the checkpoint's folder; ``on_row`` and ``tell``, which log a fit's progress;
    ``pause``, which says whether the job was asked to stop.
    """
    wanted = inspect.signature(main).parameters
    options: dict[str, Any] = {}
    if "device" in wanted:
        options["device"] = compute.resolve(device)
        print(f"device {options['device']}", flush=True)
    if "state" in wanted:
        options["state"] = _state_folder(fingerprint(spec), temporary)
    if "on_row" not in wanted:
        yield options
        return
    with Progress(spec["params"]["regime"]["n_iterations"]) as progress, pause_when_asked() as pause:
        told = {"on_row": progress, "pause": pause, "tell": progress.tell}
        yield options | {name: value for name, value in told.items() if name in wanted}


def _state_folder(name: str, temporary: Path) -> Path:
    """Return where a fit keeps its state: in the cache; where there can be none, with what a kill leaves."""
    state = Path(paths.state(name))
    try:
        state.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        print(f"{state.parent}: {error.strerror}; a killed fit will begin anew", flush=True)
        return temporary / ".state"
    return state


def _put(made: Path, result: Path) -> None:
    if not made.exists():
        raise InputError(f"the script did not write {result}")
    result.parent.mkdir(parents=True, exist_ok=True)
    if result.is_dir():
        shutil.rmtree(result)
    made.replace(result)


def _log_to(file: Path) -> None:
    """Redirect what this process and its libraries print."""
    file.parent.mkdir(parents=True, exist_ok=True)
    target = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(target, 1)
    os.dup2(target, 2)
    os.close(target)
    print_utf8()


def _fail(line: str) -> NoReturn:
    print(line, file=sys.stderr, flush=True)
    raise SystemExit(1)


if __name__ == "__main__":
    run()

"""Run one script as one job: spec in, results and their sidecar out.

``job.run(main)`` is the last line of every script in ``workflow/scripts``. It hands ``main`` temporary
paths, renames what was written when ``main`` has returned, and writes the sidecar last, so that whatever
kills a job at whatever moment leaves nothing that looks finished.
"""

import argparse
import inspect
import json
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, NoReturn

from sharpfit import paths
from sharpfit.errors import InputError, PausedFitError
from sharpfit.provenance.digests import DigestCache
from sharpfit.provenance.made import check_code, check_inputs, loaded_code, recorded, write_sidecar
from sharpfit.provenance.sidecar import Spec, fingerprint

Main = Callable[..., None]


def run(main: Main, argv: list[str] | None = None) -> None:
    """Run ``main`` as the spec says. Exits with status 1 and one line where something is wrong.

    Command line: ``--spec FILE.json [--log FILE] [--device auto|cpu|cuda|cuda:N]``.
    """
    parser = argparse.ArgumentParser(description=inspect.getdoc(main))
    parser.add_argument(
        "--spec", type=Path, required=True, help="what to do: .snakemake/spec/<fingerprint>.json"
    )
    parser.add_argument(
        "--log", type=Path, help="send everything printed to this file, errors to the terminal too"
    )
    parser.add_argument(
        "--device", default="cpu", help="auto, cpu, cuda or cuda:N; used by reconstruct alone"
    )
    options = parser.parse_args(argv)
    terminal = _log_to(options.log) if options.log else sys.stderr
    signal.signal(signal.SIGTERM, _stop)
    try:
        _run(main, options.spec, options.device, terminal)
    except InputError as error:
        _fail(f"error: {error}", terminal)
    except PausedFitError as pause:
        print(pause, file=terminal, flush=True)
        raise SystemExit(128 + signal.SIGTERM) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except OSError as error:
        traceback.print_exc()
        _fail(f"error: {error.strerror or error}{f': {error.filename}' if error.filename else ''}", terminal)
    except Exception as error:
        traceback.print_exc()
        where = f" (traceback in {options.log})" if options.log else ""
        _fail(
            f"error: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}{where}",
            terminal,
        )


def _run(main: Main, spec_file: Path, device: str, terminal: IO[str]) -> None:
    spec = _read_spec(spec_file)
    name = fingerprint(spec)
    digests = DigestCache(Path(paths.DIGESTS))
    upstream = check_inputs(spec, digests)
    check_code(spec)
    loaded = loaded_code()
    temporary = Path(Path(spec["sidecar"]).parts[0]) / paths.TEMPORARY / f"{name}-{os.getpid()}"
    temporary.mkdir(parents=True)
    try:
        made = {keyword: temporary / Path(path).name for keyword, path in spec["outputs"].items()}
        options = _run_options(main, name, device, terminal)
        main(**spec["params"], **_as_paths(spec["inputs"]), **made, **options)
        check_inputs(spec, digests)
        check_code(spec, loaded)
        for keyword, path in spec["outputs"].items():
            _put(made[keyword], Path(path))
        write_sidecar(spec, upstream, recorded(options.get("device", "cpu")), digests)
        Path(paths.state(name)).unlink(missing_ok=True)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _read_spec(file: Path) -> Spec:
    try:
        spec: Spec = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise InputError(f"{file}: cannot be read as a job's spec ({error}); run snakemake again") from error
    if fingerprint(spec) != file.stem:
        raise InputError(f"{file}: content does not match its name; delete it and run snakemake again")
    return spec


def _as_paths(inputs: dict[str, Any]) -> dict[str, Path | list[Path]]:
    return {
        keyword: Path(value) if isinstance(value, str) else [Path(file) for file in value]
        for keyword, value in inputs.items()
    }


def _run_options(main: Main, name: str, device: str, terminal: IO[str]) -> dict[str, Any]:
    """Keyword arguments that are no science, where ``main`` takes them: device, checkpoint file, terminal."""
    wanted = inspect.signature(main).parameters
    options: dict[str, Any] = {}
    if "device" in wanted:
        options["device"] = _resolve(device)
    if "state" in wanted:
        options["state"] = Path(paths.state(name))
        options["state"].parent.mkdir(parents=True, exist_ok=True)
    if "terminal" in wanted:
        options["terminal"] = terminal
    return options


def _resolve(device: str) -> str:
    """The device a job computes on: what was asked for, checked; ``auto`` is a GPU where there is one.

    Also fixes one CPU thread a job, since norms differ in the last bit with two.
    """
    import torch

    torch.set_num_threads(1)
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise InputError(f"device {device}: torch finds no GPU here; run with --config device=cpu")
    return device


def _put(made: Path, result: Path) -> None:
    if not made.exists():
        raise InputError(f"the script did not write {result}")
    result.parent.mkdir(parents=True, exist_ok=True)
    if result.is_dir():
        shutil.rmtree(result)
    made.replace(result)


def _log_to(file: Path) -> IO[str]:
    """Redirect what this process and its libraries print; returns a stream to the terminal."""
    file.parent.mkdir(parents=True, exist_ok=True)
    terminal = os.fdopen(os.dup(2), "w")
    target = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(target, 1)
    os.dup2(target, 2)
    os.close(target)
    return terminal


def _stop(number: int, _frame: object) -> NoReturn:
    """End at SIGTERM as after Ctrl-C: ``finally`` blocks run, temporary files go, checkpoints stay."""
    raise SystemExit(128 + number)


def _fail(line: str, terminal: IO[str]) -> NoReturn:
    if terminal is not sys.stderr:
        print(line, file=sys.stderr)
    print(line, file=terminal, flush=True)
    raise SystemExit(1)

"""Which GPU a job takes: jobs that run at the same time take different ones, as long as there are enough."""

import fcntl
import os
import platform
import re
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from sharpfit.study import paths

NODES = ("/dev/nvidia0", "/dev/nvidiactl", "/dev/kfd", "/dev/dxg")  # of CUDA, of ROCm, of CUDA in WSL
_held: list[IO[str]] = []


def can_be_used() -> bool:
    """Whether this machine has a GPU and the installed torch was built for one, without importing torch."""
    return any(Path(node).exists() for node in NODES) and torch_has_gpu()


def torch_has_gpu() -> bool:
    """Whether the installed torch can use a GPU; else its version.py says None for cuda and hip."""
    found = find_spec("torch")
    if found is None or found.origin is None:
        return False
    text = Path(found.origin).with_name("version.py").read_text(encoding="utf-8")
    return re.search(r"^(cuda|hip)\b[^=]*=\s*['\"]", text, re.MULTILINE) is not None


def take(n_gpus: int) -> int:
    """Return the number of a GPU that no other job of this study holds; it is this process's until it ends.

    Where there are more jobs than GPUs, as `--resources gpu=…` may ask for, they are shared evenly by chance.
    """
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
    for index in range(n_gpus):
        name = visible[index] if len(visible) == n_gpus else str(index)
        lock = Path(paths.gpu_lock(f"{platform.node()}-{name}"))
        lock.parent.mkdir(parents=True, exist_ok=True)
        file = lock.open("a", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            continue
        _held.append(file)
        return index
    return os.getpid() % n_gpus

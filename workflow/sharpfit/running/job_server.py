"""A process that has imported the libraries of a run's jobs, and forks one child for every job.

Importing torch takes as long as a small fit. While the first jobs run, the server goes on importing what the
code of the others imports, from outside this workflow, and nothing of this workflow: every child imports that
anew, as a process of its own would. Jobs come from `sharpfit.running.start_job`.

No run depends on it. The server ends when standard input does, that is with the Snakemake that started it,
once its jobs are done; its jobs die with it; and a job dies with the process that stands for it.
"""

import ctypes
import json
import os
import re
import secrets
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from sharpfit.running import start_job

# Inside functions too: a job reaches them.
IMPORT = re.compile(r"^[ \t]*(?:import|from) ([\w.]+)", re.MULTILINE)
DEATH_SIGNAL = 1  # prctl's PR_SET_PDEATHSIG
_LONGEST = 1 << 16
_running: list[subprocess.Popen[bytes]] = []


def start(environment: dict[str, str], code: Iterable[str]) -> str:
    """Start a server, ending with this process; returns its name, or "" without.

    It needs what Linux has and others have not: signals at a parent's death, file descriptors of processes
    and sockets outside of the file system.

    Parameters
    ----------
    environment
        of the jobs, as far as it counts when libraries are loaded
    code
        files of the jobs in this workflow, those of the first jobs first
    """
    if not (sys.platform == "linux" and hasattr(os, "pidfd_open")):
        return ""
    name = f"sharpfit-{secrets.token_hex(16)}"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(start_job.address(name))
        listener.listen()
        _running.append(
            subprocess.Popen(
                [sys.executable, "-m", __name__, str(listener.fileno()), *_libraries(code)],
                stdin=subprocess.PIPE,
                env=os.environ | environment,
                pass_fds=[listener.fileno()],
            )
        )
    return name


def _libraries(code: Iterable[str]) -> list[str]:
    """Names of what these files import from outside this workflow."""
    here, package = Path(__file__).parents[2], __package__.split(".")[0]
    names: dict[str, None] = {}
    for file in code:
        if file.endswith(".py"):
            with suppress(OSError):  # it went just now: its job will say so
                names |= dict.fromkeys(IMPORT.findall((here / file).read_text(encoding="utf-8")))
    return [name for name in names if name.split(".")[0] != package]


class _Server:
    """The server of a run: its jobs are children of this process."""

    def __init__(self, listener: socket.socket) -> None:
        for number in start_job.HANDED_ON:  # a group's reach jobs through the processes that stand for them
            signal.signal(number, _stay)
        self._listener = listener
        self._clients: dict[int, socket.socket] = {}  # pid of a job → the process that stands for it
        self._waiting = selectors.DefaultSelector()
        self._waiting.register(listener, selectors.EVENT_READ, self._start)
        self._waiting.register(sys.stdin, selectors.EVENT_READ, self._close)
        self._open = True

    def serve(self, libraries: Iterable[str]) -> None:
        """Run jobs until standard input ends and the last one is done, and import libraries in between.

        A library that fails here fails in the job as well, where its message is looked for.
        """
        ahead = list(libraries)
        while self._open or self._clients:
            if ahead:
                with suppress(Exception):
                    import_module(ahead.pop(0))
            for key, _ in self._waiting.select(0 if ahead else None):
                key.data()

    def _close(self) -> None:
        self._waiting.unregister(sys.stdin)
        self._waiting.unregister(self._listener)
        self._listener.close()
        self._open = False

    def _start(self) -> None:
        client, _ = self._listener.accept()
        if not start_job.is_ours(client):
            client.close()
            return
        message, streams, *_ = socket.recv_fds(client, _LONGEST, 16)
        while message and not message.endswith(b"\n"):
            message += client.recv(_LONGEST)
        if not message:
            client.close()
            return
        request = json.loads(message)
        parent = os.getpid()
        signal.pthread_sigmask(signal.SIG_BLOCK, start_job.HANDED_ON)
        job = os.fork()
        if job == 0:
            self._waiting.close()
            for other in (client, self._listener, *self._clients.values()):
                other.close()
            _run(request, streams, parent)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, start_job.HANDED_ON)
        for stream in streams:
            os.close(stream)
        done = os.pidfd_open(job)
        self._clients[job] = client
        self._waiting.register(done, selectors.EVENT_READ, lambda: self._end(job, done))
        self._waiting.register(client, selectors.EVENT_READ, lambda: self._kill(job))
        with suppress(OSError):
            client.sendall(b"%d\n" % job)

    def _kill(self, job: int) -> None:
        """End a job with the process that stands for it, which says nothing as long as it lives."""
        self._waiting.unregister(self._clients[job])
        os.kill(job, signal.SIGKILL)

    def _end(self, job: int, done: int) -> None:
        _, status = os.waitpid(job, 0)
        self._waiting.unregister(done)
        os.close(done)
        client = self._clients.pop(job)
        with suppress(KeyError):  # it is gone
            self._waiting.unregister(client)
        with suppress(OSError), client:
            client.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))


def _run(request: dict[str, Any], streams: list[int], parent: int) -> NoReturn:
    """Be the job: with the streams and the environment of the process that stands for it.

    The signals that are blocked as in that process wait until the job heeds them.
    """
    os.setpgid(0, 0)  # what a group is told reaches it once, handed on
    ctypes.CDLL(None).prctl(DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for stream, kept in zip(streams, start_job.KEPT, strict=True):
        os.dup2(stream, kept)
    os.environ.clear()
    os.environ.update(request["environment"])
    package = __package__.split(".")[0]
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        del sys.modules[name]  # as it stands now, not as it stood when the run began
    status = 0
    try:
        import_module("sharpfit.running.run_job").run(request["argv"])
    except SystemExit as end:
        status = int(end.code or 0)
    except BaseException:  # noqa: BLE001 -- as the interpreter ends a process
        sys.excepthook(*sys.exc_info())
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _stay(_number: int, _frame: FrameType | None) -> None:
    """Go on."""


if __name__ == "__main__":
    _Server(socket.socket(fileno=int(sys.argv[1]))).serve(sys.argv[2:])

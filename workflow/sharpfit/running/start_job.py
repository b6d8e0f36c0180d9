"""Start one job from a process that has imported its libraries already, where there is one; else as it is.

``python -I -S start_job.py …`` is what Snakemake's shell commands call, with the command line of
`sharpfit.running.run_job`; where `sharpfit.running.job_server` listens, the environment tells its name. This
process then stands for the job: it ends as the job does, hands on the signals that it gets, and takes the job
along when it is killed. It imports no library and nothing of this package, so it starts in a hundredth of a
second.
"""

import json
import os
import signal
import socket
import struct
import sys
from contextlib import suppress
from typing import NoReturn

SERVER = "SHARPFIT_JOB_SERVER"
"""Environment variable that holds the name of a run's server."""

HANDED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""Signals for the job. They are blocked until it listens, so that none ends it without a word (`pausing`)."""

KEPT = (0, 1, 2, 9)  # standard streams, and the lock that jobs share (`job_command.shell_prefix`)


def main(*argv: str) -> NoReturn:
    """Have the job run, and end as it does."""
    signal.pthread_sigmask(signal.SIG_BLOCK, HANDED_ON)  # they wait until there is a job that heeds them
    with socket.socket(socket.AF_UNIX) as server:
        try:
            server.connect(address(os.environ[SERVER]))
            if not is_ours(server):
                raise PermissionError
        except (KeyError, OSError):  # no server, or one that has gone
            os.execv(sys.executable, [sys.executable, "-m", "sharpfit.running.run_job", *argv])
        request = {"argv": argv, "environment": dict(os.environ)}
        message = json.dumps(request).encode() + b"\n"
        sent = socket.send_fds(server, [message], KEPT)
        server.sendall(message[sent:])
        with server.makefile() as answers:
            job = int(answers.readline() or 0)
            if job:
                for number in HANDED_ON:
                    signal.signal(number, lambda number, _: _hand_on(job, number))
            signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDED_ON)
            status = answers.readline()
    if not status:
        print("error: the process that jobs are started from was killed; run again", file=sys.stderr)
        raise SystemExit(1)
    _end_as(int(status))


def address(server: str) -> str:
    """Where a server listens: a name in no file system, so that whatever is killed leaves nothing."""
    return f"\0{server}"


def is_ours(peer: socket.socket) -> bool:
    """Whether a process of the same user is at the other end: such names have no permissions of their own."""
    credentials = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return bool(struct.unpack("3i", credentials)[1] == os.getuid())


def _hand_on(job: int, number: int) -> None:
    with suppress(ProcessLookupError):  # it has just ended
        os.kill(job, number)


def _end_as(status: int) -> NoReturn:
    """Exit with a status, or by the signal whose number it is with a minus."""
    if status < 0:
        with suppress(OSError):  # SIGKILL has no handler
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    raise SystemExit(status)


if __name__ == "__main__":
    main(*sys.argv[1:])

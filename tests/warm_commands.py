"""Commands that have imported their libraries already, for tests that call them some hundred times.

A server for each command imports the libraries once and forks a process for every call; nothing of this
project is imported before the fork. In the folder that `warm_commands` gives, a small client stands under the
command's name: it hands over its arguments, folder, environment and streams, and ends as the command does.
Its process group, and what the environment tells an interpreter that starts, do not come along: tests of
these call the real command.
"""

import array
import gc
import json
import os
import selectors
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module
from pathlib import Path

BIN = Path(sys.executable).parent
#: The module whose `main` is the command, and what it goes on to import when it runs.
LIBRARIES = {
    "snakemake": (
        "snakemake.cli",
        *("snakemake.report.html_reporter", "snakemake.storage", "docutils.core", "requests", "smart_open"),
        *("yte", "rich.live", "rich.table", "jsonschema", "psutil"),
    ),
    "dvc": (
        "dvc.cli",
        *("dvc.cli.parser", "dvc.repo.open_repo", "dvc.repo.index", "dvc.repo.plots", "dvc.data_cloud"),
        *("dvc.dvcfile", "dvc.rwlock", "scmrepo.git", "dulwich.ignore", "dulwich.worktree"),
        *("networkx", "ruamel.yaml", "fsspec.implementations.memory"),
    ),
}
CLIENT = """#!{python} -IS
import array, json, os, signal, socket, sys
server = socket.socket(socket.AF_UNIX)
server.connect("{address}")
told = {{"argv": sys.argv[1:], "folder": os.getcwd(), "environment": dict(os.environ)}}
request = json.dumps(told).encode()
streams = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0, 1, 2]))
server.sendall(request[server.sendmsg([request], [streams]):])
server.shutdown(socket.SHUT_WR)
status = int(server.makefile().read() or -signal.SIGKILL)
if status < 0:
    os.kill(os.getpid(), -status)
sys.exit(status)
"""


@contextmanager
def warm_commands() -> Iterator[Path]:
    """A folder of commands, for the front of PATH; the real ones' where Linux is not."""
    if sys.platform != "linux":
        yield BIN
        return
    with tempfile.TemporaryDirectory() as folder, ExitStack() as servers:
        for command in LIBRARIES:
            servers.enter_context(_server(command, Path(folder) / command))
        yield Path(folder)


@contextmanager
def _server(command: str, client: Path) -> Iterator[None]:
    address = f"{client}.socket"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        server = subprocess.Popen(
            [sys.executable, __file__, command, str(listener.fileno())],
            stdin=subprocess.PIPE,  # pipes all, so that its streams never try to seek
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": "", "OPENBLAS_NUM_THREADS": "1"},  # no threads before a fork
            pass_fds=[listener.fileno()],
        )
    client.write_text(CLIENT.format(python=sys.executable, address=address))
    client.chmod(0o755)
    yield
    server.communicate()  # it ends when its standard input does


def _serve(command: str, listener: socket.socket) -> None:
    """Return in a new process for every call, which has become the command; end with standard input."""
    gc.freeze()  # or every process would copy the libraries' memory, only to look for garbage in it
    waiting = selectors.DefaultSelector()
    waiting.register(listener, selectors.EVENT_READ)
    waiting.register(sys.stdin, selectors.EVENT_READ)
    while not any(key.fileobj is sys.stdin for key, _ in waiting.select()):
        client, _ = listener.accept()
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:  # forget those that have ended
                pass
        if os.fork() == 0:
            waiting.close()
            listener.close()
            return _become(command, client)
        client.close()
    sys.exit()


def _become(command: str, client: socket.socket) -> None:
    """Fork once more: this process waits for the other one, which is the command, and tells how it ended."""
    request, ancillary, *_ = client.recvmsg(1 << 16, socket.CMSG_SPACE(3 * array.array("i").itemsize))
    while part := client.recv(1 << 16):
        request += part
    if child := os.fork():
        _, status = os.waitpid(child, 0)
        client.sendall(b"%d" % os.waitstatus_to_exitcode(status))
        os._exit(0)
    client.close()
    for number, stream in enumerate(array.array("i", ancillary[0][2])):
        os.dup2(stream, number)
        os.close(stream)
    told = json.loads(request)
    os.chdir(told["folder"])
    os.environ.clear()
    os.environ.update(told["environment"])
    sys.argv = [str(BIN / command), *told["argv"]]
    sys.path[:1] = [str(BIN), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]


if __name__ == "__main__":
    command, *others = [import_module(name) for name in LIBRARIES[sys.argv[1]]]
    _serve(sys.argv[1], socket.socket(fileno=int(sys.argv[2])))
    sys.exit(command.main())

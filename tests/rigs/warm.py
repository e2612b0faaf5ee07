"""Starts `companion_api` without its second of imports: a warm process has them all, and forks itself for each program.

Put `warm(socket)` before a command, and before the words of its tracer. What runs is the program's own `main`, in a
process of its own with the caller's folder, environment, stdin, stdout and stderr.
"""

import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

_WARM_SECONDS = 60
_TRACED_SECONDS = 10


@contextmanager
def warm_process(address: Path) -> Iterator[list[str]]:
    """Run the warm process for as long as the block runs; give the words to put before a command."""
    command = [sys.executable, "-m", "tests.rigs.warm", str(address)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + _WARM_SECONDS
            while not address.exists():
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.05)
            yield [sys.executable, "-I", "-S", __file__, str(address)]
        finally:
            process.kill()


def call(address: str, words: Sequence[str]) -> int:
    """Run a command in a fork of the warm process to its end; return its exit code, 128 + N if signal N ended it.

    What stands before the interpreter are the words of a tracer, which is attached before the program's first step.
    """
    before = words.index(sys.executable)
    tracer, (_python, _m, *arguments) = words[:before], words[before:]
    with socket.socket(socket.AF_UNIX) as warm:
        warm.connect(address)
        # In one message: the descriptors come with its first byte.
        request = json.dumps([arguments, str(Path.cwd()), dict(os.environ)]).encode()
        socket.send_fds(warm, [len(request).to_bytes(4, "big")], [0, 1, 2])
        warm.sendall(request)
        pid = int.from_bytes(warm.recv(4, socket.MSG_WAITALL), "big")
        signal.signal(signal.SIGTERM, lambda *_: os.kill(pid, signal.SIGTERM))
        tracing = subprocess.Popen([*tracer, "-p", str(pid)]) if tracer else None
        if tracing:
            _wait_until_traced(pid)
        warm.sendall(b"!")
        status = int.from_bytes(warm.recv(4, socket.MSG_WAITALL), "big")
        if tracing:
            tracing.wait()  # so that its log is whole
    return status


def _wait_until_traced(pid: int) -> None:
    deadline = time.monotonic() + _TRACED_SECONDS
    while "TracerPid:\t0\n" in Path(f"/proc/{pid}/status").read_text():
        if time.monotonic() > deadline:
            sys.exit("the tracer was not attached in time")
        time.sleep(0.002)


def serve(address: str) -> None:
    """Fork a program for each caller, until killed."""
    # What the program and its server import, also that which they import when they start.
    import uvicorn.loops.uvloop  # noqa: F401

    import companion_api.__main__
    import companion_api.connection  # noqa: F401

    del sys.modules["companion_api.__main__"]  # each program runs it anew
    gc.freeze()  # or each program would look through all of it at its end, for half a second
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who look after programs
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"{address}.new")
        listening.listen()
        Path(f"{address}.new").rename(address)
        while True:
            caller, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                _look_after(caller)
            caller.close()


def _look_after(caller: socket.socket) -> NoReturn:
    """Run the program that a caller asks for, and tell how it ended; end it if the caller is gone."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    head, descriptors, _, _ = socket.recv_fds(caller, 4, 3)
    asked = json.loads(caller.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL))
    beginning, begin = os.pipe()
    program = os.fork()
    if program == 0:
        caller.close()
        os.close(begin)
        os.read(beginning, 1)
        os.close(beginning)
        _become(descriptors, *asked)
    for descriptor in (*descriptors, beginning):
        os.close(descriptor)
    caller.sendall(program.to_bytes(4, "big"))
    if caller.recv(1):
        os.close(begin)
        select.select([os.pidfd_open(program), caller.fileno()], [], [])
    with suppress(ProcessLookupError):
        os.kill(program, signal.SIGKILL)  # its caller is gone, or it has ended
    _, status = os.waitpid(program, 0)
    code = os.waitstatus_to_exitcode(status)
    with suppress(BrokenPipeError):
        caller.sendall((code if code >= 0 else 128 - code).to_bytes(4, "big"))
    os._exit(0)


def _become(descriptors: list[int], words: list[str], folder: str, environment: dict[str, str]) -> NoReturn:
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    module, *arguments = words
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
    sys.exit(0)


if __name__ == "__main__":
    match sys.argv[1:]:
        case [address]:
            serve(address)
        case [address, *words]:
            sys.exit(call(address, words))

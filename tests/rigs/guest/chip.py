"""The guest's GPIO chip from outside, by QEMU's qtest protocol: inputs are driven, outputs reported as they change.

ARM PL061 technical reference manual (DDI 0190B), as in QEMU's `virt` machine.
"""

import socket
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

_DATA = 0x0903_0000 + (0xFF << 2)  # address bits 9 to 2 mask the lines: all eight
_SECONDS = 60


class Chip:
    """`changed(line, high)` is called, from a thread of the chip's own, whenever an output changes.

    It may drive lines, but must not wait.
    """

    def __init__(self, qtest: Path, device: str, changed: Callable[[int, bool], None]) -> None:
        self._device = device
        self._changed = changed
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(qtest))
        self._sending = threading.Lock()
        self._waiting: deque[Future[str]] = deque()
        self._thread = threading.Thread(target=self._listen, name="chip", daemon=True)
        self._thread.start()
        self._ask(f"irq_intercept_out {device}").result(_SECONDS)

    def close(self) -> None:
        """Let go of it."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def drive(self, line: int, *, high: bool) -> None:
        """Set an input."""
        self._ask(f"set_irq_in {self._device} unnamed-gpio-in {line} {int(high)}")

    def read(self) -> list[bool]:
        """Return the level of every line, from the chip's data register."""
        answer = self._ask(f"readb {_DATA:#x}").result(_SECONDS)
        return [bool(int(answer.split()[1], 16) >> line & 1) for line in range(8)]

    def _ask(self, command: str) -> Future[str]:
        answer: Future[str] = Future()
        with self._sending:
            self._waiting.append(answer)
            self._socket.sendall(f"{command}\n".encode())
        return answer

    def _listen(self) -> None:
        with self._socket.makefile() as lines:
            for line in lines:
                words = line.split()
                if words[0] == "IRQ":
                    self._changed(int(words[2]), words[1] == "raise")
                else:
                    self._waiting.popleft().set_result(line)

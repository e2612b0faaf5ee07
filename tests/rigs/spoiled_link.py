"""A link of TCP on loopback that spoils what goes through it."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

_CHUNK = 65_536


class SpoiledLink:
    """Hands on bytes to `target` (a URL) and back. What is to be spoiled is said by the attributes."""

    def __init__(self, target: str) -> None:
        url = urlsplit(target)
        self._target = (url.hostname, url.port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.lose_answers = 0  # of that many connections the answer never comes
        self.on_the_way: Callable[[bytes], bytes] = lambda chunk: chunk  # what becomes of bytes towards the target

    def run(self) -> None:
        """Accept connections until `close`."""
        with suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                far = socket.create_connection(self._target)
                self._open += [near, far]
                for source, sink, answers in ((near, far, False), (far, near, True)):
                    threading.Thread(target=self._hand_on, args=(source, sink, answers), daemon=True).start()

    def close(self) -> None:
        """End all connections."""
        self._listening.shutdown(socket.SHUT_RDWR)
        for one in (self._listening, *self._open):
            one.close()

    def _hand_on(self, source: socket.socket, sink: socket.socket, answers: bool) -> None:
        with suppress(OSError):
            while chunk := source.recv(_CHUNK):
                if answers and self.lose_answers:
                    self.lose_answers -= 1
                    break
                sink.sendall(chunk if answers else self.on_the_way(chunk))
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def spoiled_link(target: str) -> Iterator[SpoiledLink]:
    """Run one in the background."""
    link = SpoiledLink(target)
    thread = threading.Thread(target=link.run)
    thread.start()
    try:
        yield link
    finally:
        link.close()
        thread.join()

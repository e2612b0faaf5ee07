"""The session that a kit's requests are signed in: begun once for all threads, and anew when the service ended it."""

import json
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from device.clock import clock_status
from device.errors import AgencyRefused, AgencyUnreachable
from device.patient_client import Body
from device.session import Session
from device.tls import tls_context
from footage.keys import new_key

_PROBLEM = "urn:attune-kit:problem:"


class Host:
    """A service that begins sessions, and knows the newest only."""

    def __init__(self) -> None:
        self.begun = 0
        self.stored: list[bytes] = []
        self.always_expired = False
        self._beginning = threading.Lock()
        host = self

        class Answers(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_PUT(self) -> None:  # the name is http.server's
                body = self.rfile.read(int(self.headers["content-length"]))
                nonce = re.search(r'nonce="(.*?)"', self.headers["signature-input"])
                if host.always_expired or nonce is None or nonce[1] != f"session-{host.begun}":
                    self._say(401, {"type": f"{_PROBLEM}session-expired", "detail": "Begin a session."})
                    return
                host.stored.append(body)
                self._say(200, {})

            def do_POST(self) -> None:  # the name is http.server's
                with host._beginning:
                    host.begun += 1
                    self._say(201, {"nonce": f"session-{host.begun}"})

            def _say(self, status: int, document: dict[str, str]) -> None:
                content = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.session = opened(f"http://127.0.0.1:{self._server.server_port}")

    def close(self) -> None:
        self.session.close()
        self._server.shutdown()
        self._server.server_close()


def opened(service: str) -> Session:
    return Session(service, "kit-0001", new_key(), tls_context(None), clock_status)


@pytest.fixture
def host() -> Iterator[Host]:
    host = Host()
    yield host
    host.close()


def test_a_session_is_begun_once_for_all_threads(host: Host) -> None:
    bodies = [b"%d" % number for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda body: host.session.call("PUT", "/", Body(body, "text/plain")), bodies))
    assert sorted(host.stored) == bodies
    assert host.begun == 1


def test_what_was_sent_in_a_session_that_ended_goes_again_whole(host: Host) -> None:
    host.session.begin()
    host.begun += 1  # somebody else's: the kit's has ended
    content = bytes(40_000)
    host.session.call("PUT", "/", Body(content, "text/plain"))
    assert host.stored == [content]
    assert host.begun == 3


def test_another_session_leaves_this_one_as_it_is(host: Host) -> None:
    host.session.begin()
    before = host.session._nonce
    assert host.session.another("a question").nonce == "session-2"
    assert host.session._nonce == before


def test_a_service_that_ends_every_session_is_not_asked_for_ever(host: Host) -> None:
    host.always_expired = True
    with pytest.raises(AgencyRefused) as refusal:
        host.session.call("PUT", "/", Body(b"", "text/plain"))
    assert refusal.value.problem == "session-expired"
    assert host.begun == 2


def test_nobody_answers() -> None:
    session = opened("http://127.0.0.1:1")
    with pytest.raises(AgencyUnreachable, match="tries again by itself") as failure:
        session.begin()
    assert failure.value.code == "service-down"
    session.close()

"""What else than our service may answer: portals, proxies, nothing. Nothing of it ends the uplink."""

import errno
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from device.agency import Agency, AgencyRefused, AgencyUnreachable
from footage.keys import new_key

FILM = "8562e425-270c-4d9e-abf4-11932fc0556d"

Serve = Callable[[int, str, str], Agency]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a server that gives the same answer to everything, and return a kit's connection to it."""
    running: list[tuple[ThreadingHTTPServer, Agency]] = []

    def start(status: int, kind: str, body: str) -> Agency:
        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # the name is http.server's
                self.rfile.read(int(self.headers.get("content-length", 0)))
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            do_POST = do_PUT = do_GET  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        agency = Agency(f"http://127.0.0.1:{server.server_port}", "kit-0001", new_key())
        running.append((server, agency))
        return agency

    yield start
    for server, agency in running:
        agency.close()
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (200, "text/html", "<html>Welcome to the hotel</html>"),
        (302, "text/html", ""),
        (502, "text/plain", "Bad Gateway"),
        (200, "application/json", "[]"),
        (200, "application/json", '{"nonce": 5}'),
        (404, "application/json", '{"detail": "Not Found"}'),
    ],
)
def test_a_portal_is_no_agency(serve: Serve, status: int, kind: str, body: str) -> None:
    agency = serve(status, kind, body)
    with pytest.raises(AgencyUnreachable, match="Something else"):
        agency.held(FILM)
    with pytest.raises(AgencyUnreachable, match="Something else"):
        agency.put_part(FILM, 0, b"sealed")


def test_a_problem_has_its_name(serve: Serve) -> None:
    body = '{"type": "urn:attune-kit:problem:kit-revoked", "title": "t", "status": 403, "detail": "Call IT."}'
    with pytest.raises(AgencyRefused, match="Call IT") as refusal:
        serve(403, "application/problem+json", body).held(FILM)
    assert refusal.value.problem == "kit-revoked"


@pytest.mark.parametrize("problem", ["upload-stalled", "upload-too-slow"])
def test_a_body_that_the_service_did_not_wait_for_is_the_links_fault(serve: Serve, problem: str) -> None:
    body = f'{{"type": "urn:attune-kit:problem:{problem}", "title": "t", "status": 408, "detail": "Send it again."}}'
    with pytest.raises(AgencyUnreachable, match=problem):
        serve(408, "application/problem+json", body).held(FILM)


def test_an_older_kernel_is_none_the_worse(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.socket.setsockopt

    def older(one: socket.socket, level: int, option: int, value: int) -> None:
        if (level, option) == (socket.IPPROTO_TCP, 44):  # TCP_RTO_MAX_MS
            raise OSError(errno.ENOPROTOOPT, "Protocol not available")
        real(one, level, option, value)

    monkeypatch.setattr(socket.socket, "setsockopt", older)
    with pytest.raises(AgencyUnreachable, match="Something else"):
        serve(200, "text/html", "an answer").held(FILM)


def test_nobody_answers() -> None:
    agency = Agency("http://127.0.0.1:1", "kit-0001", new_key())
    with pytest.raises(AgencyUnreachable, match="tries again by itself"):
        agency.held(FILM)
    agency.close()

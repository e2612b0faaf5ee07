"""What else than our service may answer: portals, proxies, nothing. Nothing of it ends the uplink."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from companion_api.problems import BY_CODE
from device.agency import Agency
from device.errors import AgencyRefused, AgencyUnreachable
from device.link_trouble import LinkTrouble
from footage.keys import new_key
from footage.parts import PartKind, PartName

FILM = "8562e425-270c-4d9e-abf4-11932fc0556d"
SEALED = b"sealed"
PART = PartName.of(0, PartKind.MEDIA, 1000, SEALED)

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


_PROBLEM = "application/problem+json"


@pytest.mark.parametrize(
    ("status", "kind", "body", "trouble"),
    [
        (200, "text/html", "<html>Welcome to the hotel</html>", LinkTrouble.PORTAL),
        (302, "text/html", "", LinkTrouble.PORTAL),
        (307, "application/json", '{"nonce": "n"}', LinkTrouble.PORTAL),
        (511, "text/html", "<html>Log in</html>", LinkTrouble.PORTAL),
        (200, "application/json", "[]", LinkTrouble.PORTAL),
        (200, "application/json", '{"nonce": 5}', LinkTrouble.PORTAL),
        (404, "application/json", '{"detail": "Not Found"}', LinkTrouble.PORTAL),
        (403, _PROBLEM, '{"type": "about:blank", "title": "of another service"}', LinkTrouble.PORTAL),
        (502, "text/plain", "Bad Gateway", LinkTrouble.SERVICE_DOWN),
        (503, "text/html", "<html>Maintenance</html>", LinkTrouble.SERVICE_DOWN),
        (504, _PROBLEM, '{"type": "about:blank", "title": "Gateway Time-out"}', LinkTrouble.SERVICE_DOWN),
    ],
)
def test_what_is_none_of_the_services_answers(
    serve: Serve, status: int, kind: str, body: str, trouble: LinkTrouble
) -> None:
    agency = serve(status, kind, body)
    for ask in (lambda: agency.held(FILM), lambda: agency.put_part(FILM, PART, SEALED)):
        with pytest.raises(AgencyUnreachable) as failure:
            ask()
        assert failure.value.trouble is trouble
        assert str(status) in failure.value.detail


def test_a_portals_welcome_is_neither_a_directory_nor_a_part_that_was_stored(serve: Serve) -> None:
    agency = serve(200, "text/html; charset=utf-8", "<html>Welcome to the hotel</html>")
    agency._session._nonce = "of a session that began before"
    for ask in (agency.directory, lambda: agency.put_part(FILM, PART, SEALED), lambda: agency.put_manifest(FILM, "m")):
        with pytest.raises(AgencyUnreachable) as failure:
            ask()
        assert failure.value.trouble is LinkTrouble.PORTAL


def test_a_problem_has_its_name(serve: Serve) -> None:
    body = '{"type": "urn:attune-kit:problem:kit-revoked", "title": "t", "status": 403, "detail": "Call IT."}'
    with pytest.raises(AgencyRefused, match="Call IT") as refusal:
        serve(403, "application/problem+json", body).held(FILM)
    assert refusal.value.problem == "kit-revoked"


@pytest.mark.parametrize("problem", ["upload-stalled", "upload-too-slow", "body-incomplete", "head-stalled"])
def test_a_body_that_did_not_come_is_the_links_fault(serve: Serve, problem: str) -> None:
    assert problem in BY_CODE
    body = f'{{"type": "urn:attune-kit:problem:{problem}", "title": "t", "status": 408, "detail": "Send it again."}}'
    with pytest.raises(AgencyUnreachable) as failure:
        serve(408, "application/problem+json", body).held(FILM)
    assert failure.value.trouble is LinkTrouble.STALLED

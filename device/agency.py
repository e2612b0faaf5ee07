"""The kit's side of the companion API (`docs/companion-api.md`): signed requests, and answers by name.

Time-outs are by lack of progress only. A body goes to the kernel in small pieces with a small buffer before the link,
so that what was handed over is about what has gone out; and the kernel ends a connection whose bytes nobody
acknowledges.
"""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from device.clock import clock_status
from device.connections import Connections
from device.errors import DeviceError
from device.link_diagnosis import Surroundings, trouble_of, trouble_of_answer
from device.link_trouble import DESCRIBED, KEPT, LinkTrouble
from device.surroundings import has_certificate_of, is_routed
from device.tls import tls_context
from footage.byte_range import ByteRange
from footage.http_signatures import SignedRequest, content_digest, digest_header, sign_request
from footage.keys import thumbprint, to_jwk
from footage.manifest import ClockStatus
from footage.messages import Message, encode
from footage.parts import PartName

_CONNECT_SECONDS = 20.0
_WRITE_SECONDS = 60.0  # in which the kernel must take a piece
_ANSWER_SECONDS = 120.0  # from the last piece: what the kernel still holds takes 64 s at 2 kB/s
_UNACKNOWLEDGED_SECONDS = 60.0
_RETRANSMISSION_SECONDS = 4.0  # the most between two tries of the kernel's: so soon it notes that a link is back
_PIECE = 16 * 1024
_BUFFER = 128 * 1024  # above what a link of 20 Mbit/s and 50 ms holds, and for each connection
_IDLE_SECONDS = 60.0  # a connection is kept; less than the service and proxies do
_SOCKET_OPTIONS = (
    (socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER),
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(_UNACKNOWLEDGED_SECONDS * 1000)),
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 15),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 15),
)
_HTTPS_PORT = 443
_TCP_RTO_MAX_MS = 44  # linux/tcp.h, since 6.15; without it the kernel's tries come at 0.2, 0.6, … 25, 51 s
_PROBLEM_PREFIX = "urn:attune-kit:problem:"
_JOSE = "application/jose"
_OCTETS = "application/octet-stream"
_JSON = "application/json"
_OF_THE_LINK = {"upload-stalled", "upload-too-slow", "body-incomplete", "head-stalled"}  # too little came, or too late
_OURS = {"", _JOSE, _JSON}  # what the service answers, when it refuses nothing


def _socket_options() -> list[tuple[int, int, int]]:
    """Return the options, of which older kernels do not know the one that ends a wait of up to two minutes."""
    retransmission = (socket.IPPROTO_TCP, _TCP_RTO_MAX_MS, int(_RETRANSMISSION_SECONDS * 1000))
    with socket.socket() as probe:
        try:
            probe.setsockopt(*retransmission)
        except OSError:  # an older kernel
            return [*_SOCKET_OPTIONS]
    return [*_SOCKET_OPTIONS, retransmission]


Sent = Callable[[int], None]


def _unheard(_: int) -> None:
    """Nobody asks."""


class AgencyUnreachable(DeviceError):
    """No answer, or none of the service's: try again later. `code` is the trouble's, `detail` for the log."""

    def __init__(self, trouble: LinkTrouble, detail: str, kept: str = KEPT) -> None:
        super().__init__(f"{DESCRIBED[trouble].advice} {kept}")
        self.code = trouble.value
        self.trouble = trouble
        self.detail = detail


class AgencyRefused(DeviceError):
    """The service answered with a named problem."""

    code = "agency-refused"

    def __init__(self, problem: str, detail: str) -> None:
        super().__init__(f"{problem}: {detail}")
        self.problem = problem


class _Session(msgspec.Struct):
    nonce: str
    time: str | None = None


class _Part(msgspec.Struct):
    number: int
    sha256: str


class _BegunPart(msgspec.Struct):
    sha256: str
    size: int


class _HaveList(msgspec.Struct):
    key: str | None
    parts: list[_Part]
    begun: list[_BegunPart] = []


class Enrolled(msgspec.Struct, frozen=True):
    """How the service answers a kit that enrols: its name, and the directory (JWS), which the caller must verify."""

    kit: str
    directory: str


class _Problem(msgspec.Struct):
    type: str
    detail: str = ""


_Document = TypeVar("_Document", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Held:
    """What the service holds of a film: SHA-256 of `film.key`, if any, and of each part by its number.

    `begun` has the bytes that are there of parts that came in ranges and are not whole, by the part's SHA-256.
    """

    key: str | None
    parts: dict[int, str]
    begun: dict[str, int]


class _Body(httpx.SyncByteStream):
    """A body that goes out in pieces, and tells how many bytes of it went."""

    def __init__(self, content: bytes, sent: Sent) -> None:
        self._content = content
        self._sent = sent

    def __iter__(self) -> Iterator[bytes]:
        for begin in range(0, len(self._content), _PIECE):
            piece = self._content[begin : begin + _PIECE]
            yield piece
            self._sent(len(piece))


class Agency:
    """One kit's connections, for several threads. Raises `AgencyUnreachable` and `AgencyRefused` from every method."""

    def __init__(
        self,
        service: str,
        kit: str,
        kit_key: EllipticCurvePrivateKey,
        tls: ssl.SSLContext | None = None,
        clock: Callable[[], ClockStatus] = clock_status,
    ) -> None:
        """`tls`: whom to believe to be the service; None: whom the system believes. `clock`: whether time is known."""
        self._kit = kit
        self._key = kit_key
        self._http = httpx.Client(
            base_url=service,
            timeout=httpx.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS, write=_WRITE_SECONDS, pool=None),
            transport=httpx.HTTPTransport(
                verify=tls or tls_context(None),
                limits=httpx.Limits(keepalive_expiry=_IDLE_SECONDS),
                trust_env=False,
                socket_options=_socket_options(),
            ),
            trust_env=False,
            follow_redirects=False,  # nothing that is signed for the agency goes elsewhere
        )
        url = self._http.base_url
        self._around = Surroundings(is_routed, clock, lambda: has_certificate_of(url.host, url.port or _HTTPS_PORT))
        self._connections = Connections()
        self._nonce = ""
        self._session = threading.Lock()
        self._directory_etag = ""

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def hang_up(self) -> None:
        """End all connections at once: requests that are under way fail, later ones open new connections."""
        self._connections.hang_up()

    def enrol(self, token: str) -> Enrolled:
        """Hand in the kit's public key for its token. Signed by the key itself: the service does not know it yet."""
        public = self._key.public_key()
        body = msgspec.json.encode({"kit": self._kit, "token": token, "key": to_jwk(public)})
        request = self._signed("POST", "/v1/enrol", body, _JSON, key_id=thumbprint(public))
        return _decoded(self._send(request), Enrolled)

    def begin_session(self) -> None:
        """Begin a session now, and with it a connection."""
        self._begin_session(self._nonce)

    def signed_time(self, nonce: str) -> str | None:
        """Return the time, signed for this question (JWS), which the caller must verify; None if it is not told."""
        request = self._signed("POST", f"/v1/kits/{self._kit}/sessions", None, "", nonce=nonce)
        return _decoded(self._send(request), _Session).time

    def put_status(self, heartbeat: Message) -> None:
        """Tell how the kit is."""
        self._call("PUT", f"/v1/kits/{self._kit}/status", encode(heartbeat), _JSON)

    def directory(self) -> str | None:
        """Return the signed directory, or None if it is the one that was fetched last."""
        headers = {"if-none-match": self._directory_etag} if self._directory_etag else {}
        answer = self._send(self._http.build_request("GET", "/v1/directory", headers=headers))
        if answer.status_code == httpx.codes.NOT_MODIFIED:
            return None
        self._directory_etag = answer.headers.get("etag", "")
        return answer.text

    def held(self, film: str) -> Held:
        """Return what the service holds of a film; nothing of one that it has never seen."""
        have_list = _decoded(self._call("GET", f"/v1/films/{film}/parts"), _HaveList)
        return Held(
            have_list.key,
            {part.number: part.sha256 for part in have_list.parts},
            {part.sha256: part.size for part in have_list.begun},
        )

    def put_key(self, film: str, sealed: bytes) -> None:
        """Store `film.key`."""
        self._call("PUT", f"/v1/films/{film}/key", sealed, _OCTETS)

    def put_part(self, film: str, part: PartName, sealed: bytes, sent: Sent = _unheard) -> None:
        """Store one part, whose `sealed` bytes the caller has read and found to be what its name says.

        `sent` is told how many bytes went out, piece by piece; what it raises ends the request.
        """
        more = {"content-digest": digest_header(bytes.fromhex(part.sha256))}
        self._call("PUT", f"/v1/films/{film}/parts/{part.number}", sealed, _OCTETS, sent, more)

    def put_range(self, film: str, part: PartName, sealed: bytes, range_: ByteRange, sent: Sent = _unheard) -> None:
        """Store some bytes of a part, whose `sealed` is all of it. `sent` as for `put_part`."""
        headers = {"content-range": str(range_), "repr-digest": digest_header(bytes.fromhex(part.sha256))}
        body = sealed[range_.begin : range_.end]
        self._call("PUT", f"/v1/films/{film}/parts/{part.number}", body, _OCTETS, sent, headers)

    def put_manifest(self, film: str, manifest: str) -> str:
        """Close the film and return the receipt, which the caller must verify."""
        return self._call("PUT", f"/v1/films/{film}/manifest", manifest.encode("ascii"), _JOSE).text

    def post_erased(self, film: str) -> None:
        """Say that the kit has erased its copy."""
        self._call("POST", f"/v1/films/{film}/erased")

    def delete(self, film: str) -> None:
        """Say that the family took the film back."""
        self._call("DELETE", f"/v1/films/{film}")

    def _call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        kind: str = "",
        sent: Sent = _unheard,
        more: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Send a signed request, in a new session if the old one has ended. `more` headers are signed too."""
        nonce = self._nonce or self._begin_session("")
        try:
            return self._send(self._signed(method, path, body, kind, nonce=nonce, sent=sent, more=more))
        except AgencyRefused as refusal:
            if refusal.problem != "session-expired":
                raise
        nonce = self._begin_session(nonce)
        return self._send(self._signed(method, path, body, kind, nonce=nonce, sent=sent, more=more))

    def _begin_session(self, ended: str) -> str:
        """Begin a session unless another thread has begun one since; return its nonce."""
        with self._session:
            if self._nonce == ended:
                answer = self._send(self._signed("POST", f"/v1/kits/{self._kit}/sessions", None, ""))
                self._nonce = _decoded(answer, _Session).nonce
            return self._nonce

    def _signed(
        self,
        method: str,
        path: str,
        body: bytes | None,
        kind: str,
        *,
        key_id: str = "",
        nonce: str = "",
        sent: Sent = _unheard,
        more: Mapping[str, str] | None = None,
    ) -> httpx.Request:
        headers = dict(more or {})
        if body is not None:
            headers |= {"content-type": kind, "content-length": str(len(body))}
            headers["content-digest"] = headers.get("content-digest") or content_digest(body)
        content = None if body is None else _Body(body, sent)
        request = self._http.build_request(method, path, content=content, headers=headers)
        signed = SignedRequest(method, str(request.url), headers)
        sign_request(signed, key=self._key, key_id=key_id or self._kit, nonce=nonce, has_body=body is not None)
        request.headers.update(signed.headers)
        return request

    def _send(self, request: httpx.Request) -> httpx.Response:
        request.extensions["trace"] = self._connections.trace
        try:
            answer = self._http.send(request)
        except httpx.HTTPError as reason:
            detail = f"{self._http.base_url}: {type(reason).__name__} {reason}".rstrip()
            raise AgencyUnreachable(trouble_of(reason, self._around), detail) from None
        if not answer.is_success and answer.status_code != httpx.codes.NOT_MODIFIED:
            raise _refusal(answer)
        if _kind(answer) not in _OURS:
            raise _none_of_the_services(answer)
        return answer


def _refusal(answer: httpx.Response) -> DeviceError:
    problem = _decoded(answer, _Problem)
    if not problem.type.startswith(_PROBLEM_PREFIX):
        return _none_of_the_services(answer)
    code = problem.type.removeprefix(_PROBLEM_PREFIX)
    if code in _OF_THE_LINK:
        return AgencyUnreachable(LinkTrouble.STALLED, f"{answer.request.url}: {code}")
    return AgencyRefused(code, problem.detail)


def _decoded(answer: httpx.Response, kind: type[_Document]) -> _Document:
    """Return an answer's JSON. Raises `AgencyUnreachable` for what only a captive portal or a proxy would say."""
    try:
        return msgspec.json.decode(answer.content, type=kind)
    except msgspec.DecodeError:
        raise _none_of_the_services(answer) from None


def _none_of_the_services(answer: httpx.Response) -> AgencyUnreachable:
    trouble = trouble_of_answer(answer.status_code, tls=answer.request.url.scheme == "https")
    return AgencyUnreachable(trouble, f"{answer.request.url}: {answer.status_code} with {_kind(answer) or 'no type'}")


def _kind(answer: httpx.Response) -> str:
    """Return an answer's media type, empty if it tells none."""
    kind: str = answer.headers.get("content-type", "")
    return kind.partition(";")[0].strip()

"""The kit's side of the companion API (`docs/companion-api.md`): what a kit asks the agency's service for, by name."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from device.answers import decoded
from device.clock import clock_status
from device.patient_client import Body, Sent, unheard
from device.session import Session
from device.tls import tls_context
from footage.byte_range import ByteRange
from footage.http_signatures import digest_header
from footage.keys import thumbprint, to_jwk
from footage.manifest import ClockStatus
from footage.messages import Message, encode
from footage.parts import PartName

_JOSE = "application/jose"
_OCTETS = "application/octet-stream"
_JSON = "application/json"


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


@dataclass(frozen=True, slots=True)
class Held:
    """What the service holds of a film: SHA-256 of `film.key`, if any, and of each part by its number.

    `begun` has the bytes that are there of parts that came in ranges and are not whole, by the part's SHA-256.
    """

    key: str | None
    parts: dict[int, str]
    begun: dict[str, int]


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
        self._public_key = kit_key.public_key()
        self._session = Session(service, kit, kit_key, tls or tls_context(None), clock)
        self._directory_etag = ""

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def hang_up(self) -> None:
        """End all connections at once: requests that are under way fail, later ones open new connections."""
        self._session.hang_up()

    def enrol(self, token: str) -> Enrolled:
        """Hand in the kit's public key for its token. Signed by the key itself: the service does not know it yet."""
        content = msgspec.json.encode({"kit": self._kit, "token": token, "key": to_jwk(self._public_key)})
        key_id = thumbprint(self._public_key)
        return decoded(self._session.ask("POST", "/v1/enrol", Body(content, _JSON), key_id=key_id), Enrolled)

    def begin_session(self) -> None:
        """Begin a session now, and with it a connection."""
        self._session.begin()

    def signed_time(self, nonce: str) -> str | None:
        """Return the time, signed for this question (JWS), which the caller must verify; None if it is not told."""
        return self._session.another(nonce).time

    def put_status(self, heartbeat: Message) -> None:
        """Tell how the kit is."""
        self._session.call("PUT", f"/v1/kits/{self._kit}/status", Body(encode(heartbeat), _JSON))

    def directory(self) -> str | None:
        """Return the signed directory, or None if it is the one that was fetched last."""
        headers = {"if-none-match": self._directory_etag} if self._directory_etag else {}
        answer = self._session.fetch("/v1/directory", headers)
        if answer.status_code == httpx.codes.NOT_MODIFIED:
            return None
        self._directory_etag = answer.headers.get("etag", "")
        return answer.text

    def held(self, film: str) -> Held:
        """Return what the service holds of a film; nothing of one that it has never seen."""
        have_list = decoded(self._session.call("GET", f"/v1/films/{film}/parts"), _HaveList)
        return Held(
            have_list.key,
            {part.number: part.sha256 for part in have_list.parts},
            {part.sha256: part.size for part in have_list.begun},
        )

    def put_key(self, film: str, sealed: bytes) -> None:
        """Store `film.key`."""
        self._session.call("PUT", f"/v1/films/{film}/key", Body(sealed, _OCTETS))

    def put_part(self, film: str, part: PartName, sealed: bytes, sent: Sent = unheard) -> None:
        """Store one part, whose `sealed` bytes the caller has read and found to be what its name says."""
        body = Body(sealed, _OCTETS, sent, part.sha256)
        self._session.call("PUT", f"/v1/films/{film}/parts/{part.number}", body)

    def put_range(self, film: str, part: PartName, sealed: bytes, range_: ByteRange, sent: Sent = unheard) -> None:
        """Store some bytes of a part, whose `sealed` is all of it."""
        body = Body(sealed[range_.begin : range_.end], _OCTETS, sent)
        headers = {"content-range": str(range_), "repr-digest": digest_header(bytes.fromhex(part.sha256))}
        self._session.call("PUT", f"/v1/films/{film}/parts/{part.number}", body, headers)

    def put_manifest(self, film: str, manifest: str) -> str:
        """Close the film and return the receipt, which the caller must verify."""
        return self._session.call("PUT", f"/v1/films/{film}/manifest", Body(manifest.encode("ascii"), _JOSE)).text

    def post_erased(self, film: str) -> None:
        """Say that the kit has erased its copy."""
        self._session.call("POST", f"/v1/films/{film}/erased")

    def delete(self, film: str) -> None:
        """Say that the family took the film back."""
        self._session.call("DELETE", f"/v1/films/{film}")

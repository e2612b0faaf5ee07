"""A kit's session with the service: every request in it is signed over the nonce with which the service began it.

A session that has ended is begun anew without anybody noticing (`docs/companion-api.md`).
"""

import ssl
import threading
from collections.abc import Callable, Mapping

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from device.answers import accepted, decoded
from device.connections import Connections
from device.errors import AgencyRefused, AgencyUnreachable
from device.link_diagnosis import Surroundings, trouble_of
from device.patient_client import Body, patient_client
from device.surroundings import has_certificate_of, is_routed
from footage.http_signatures import SignedRequest, sign_request
from footage.manifest import ClockStatus

_HTTPS_PORT = 443


class NewSession(msgspec.Struct, frozen=True):
    """How the service begins a session. `time` is its answer (JWS) to a nonce of the kit's own, if it tells it."""

    nonce: str
    time: str | None = None


class Session:
    """For several threads. Raises `AgencyUnreachable` and `AgencyRefused` from every method that sends."""

    def __init__(
        self,
        service: str,
        kit: str,
        kit_key: EllipticCurvePrivateKey,
        tls: ssl.SSLContext,
        clock: Callable[[], ClockStatus],
    ) -> None:
        """As for `Agency`."""
        self._kit = kit
        self._key = kit_key
        self._http = patient_client(service, tls)
        url = self._http.base_url
        self._around = Surroundings(is_routed, clock, lambda: has_certificate_of(url.host, url.port or _HTTPS_PORT))
        self._connections = Connections()
        self._nonce = ""
        self._beginning = threading.Lock()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def hang_up(self) -> None:
        """End all connections at once: requests that are under way fail, later ones open new connections."""
        self._connections.hang_up()

    def begin(self) -> None:
        """Begin a session now, and with it a connection."""
        self._begin(self._nonce)

    def another(self, nonce: str = "") -> NewSession:
        """Let the service begin another session, but stay in this one. `nonce`: the kit's own, to ask for the time."""
        return decoded(self.ask("POST", f"/v1/kits/{self._kit}/sessions", nonce=nonce), NewSession)

    def call(
        self, method: str, path: str, body: Body | None = None, more: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Send a signed request, in a new session if the old one has ended. `more` headers are signed too."""
        nonce = self._nonce or self._begin("")
        try:
            return self.ask(method, path, body, more, nonce=nonce)
        except AgencyRefused as refusal:
            if refusal.problem != "session-expired":
                raise
        return self.ask(method, path, body, more, nonce=self._begin(nonce))

    def ask(
        self,
        method: str,
        path: str,
        body: Body | None = None,
        more: Mapping[str, str] | None = None,
        *,
        key_id: str = "",
        nonce: str = "",
    ) -> httpx.Response:
        """Send a signed request outside of the session. `key_id`: of a kit whose name the service does not know yet."""
        headers = {**(more or {}), **(body.headers if body is not None else {})}
        request = self._http.build_request(method, path, content=body, headers=headers)
        signed = SignedRequest(method, str(request.url), headers)
        sign_request(signed, key=self._key, key_id=key_id or self._kit, nonce=nonce, has_body=body is not None)
        request.headers.update(signed.headers)
        return self._send(request)

    def fetch(self, path: str, headers: Mapping[str, str]) -> httpx.Response:
        """Get what is signed itself, and open to everybody."""
        return self._send(self._http.build_request("GET", path, headers=headers))

    def _begin(self, ended: str) -> str:
        """Begin a session unless another thread has begun one since; return its nonce."""
        with self._beginning:
            if self._nonce == ended:
                self._nonce = self.another().nonce
            return self._nonce

    def _send(self, request: httpx.Request) -> httpx.Response:
        request.extensions["trace"] = self._connections.trace
        try:
            answer = self._http.send(request)
        except httpx.HTTPError as reason:
            detail = f"{self._http.base_url}: {type(reason).__name__} {reason}".rstrip()
            raise AgencyUnreachable(trouble_of(reason, self._around), detail) from None
        return accepted(answer)

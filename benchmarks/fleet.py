"""Simulated kits: each with its own key in a signed directory, its own session, and its requests signed in advance."""

import hashlib
import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from msgspec.structs import replace

from benchmarks.load import Address, Load, Request, send
from footage.directory import Directory, KitEntry
from footage.http_signatures import SignedRequest, content_digest, sign_request
from footage.keys import key_to_pem, new_key, to_jwk
from footage.manifest import (
    ClockStatus,
    Ended,
    FilmKind,
    FilmOpening,
    Manifest,
    PartEntry,
    sign_manifest,
)
from footage.parts import PartKind
from tests.footage.builders import NOW, Agency


class Bodies:
    """The bodies of a load, each hashed once. Sealed parts are noise to the service, and so are these."""

    def __init__(self, contents: Iterable[bytes] = ()) -> None:
        self.contents: list[bytes] = []
        self.digests: list[str] = []  # Content-Digest of each
        for content in contents:
            self.add(content)

    def add(self, content: bytes) -> int:
        """Return the number of one more."""
        self.contents.append(content)
        self.digests.append(content_digest(content))
        return len(self.contents) - 1

    def sha256(self, number: int) -> str:
        """Return the SHA-256 of a body in hex."""
        return hashlib.sha256(self.contents[number]).hexdigest()


@dataclass(slots=True)
class FleetKit:
    """One kit of the fleet, and the film that it sends."""

    name: str
    key: EllipticCurvePrivateKey
    film: str = ""
    nonce: str = ""

    def opening(self) -> Request:
        """Return the request that begins a session."""
        return self._request("POST", f"/v1/kits/{self.name}/sessions", 201)

    def begin_film(self) -> None:
        """Choose a new film."""
        self.film = str(uuid.uuid4())

    def put(self, path: str, bodies: Bodies, body: int) -> Request:
        """Return the request that puts a body as a piece of the film: `key`, `parts/0`, `manifest`."""
        return self._request("PUT", f"/v1/films/{self.film}/{path}", 201, bodies, body)

    def have_list(self, film: str) -> Request:
        """Return the request for what is held of a film."""
        return self._request("GET", f"/v1/films/{film}/parts", 200)

    def erased(self) -> Request:
        """Return the request which tells that the kit has erased its copy of the film."""
        return self._request("POST", f"/v1/films/{self.film}/erased", 204)

    def take_back(self) -> Request:
        """Return the request by which the family takes the film back."""
        return self._request("DELETE", f"/v1/films/{self.film}", 204)

    def whole_film(self, bodies: Bodies, key: int, parts: Sequence[int]) -> tuple[list[Request], str]:
        """Return all requests of a new film whose `film.key` and parts are these bodies, and its manifest (JWS)."""
        self.begin_film()
        manifest = sign_manifest(self._manifest(bodies, key, parts), self.key)
        pieces = {"key": key} | {f"parts/{number}": part for number, part in enumerate(parts)}
        pieces["manifest"] = bodies.add(manifest.encode("ascii"))
        return [self.put(path, bodies, body) for path, body in pieces.items()], manifest

    def _manifest(self, bodies: Bodies, key: int, parts: Sequence[int]) -> Manifest:
        opening = FilmOpening(
            format=1,
            film=self.film,
            kit=self.name,
            kind=FilmKind.INTERACTION,
            directory_version=1,
            recipient="",
            recipients=(),
            film_key=bodies.sha256(key),
            started_at=NOW,
            clock=ClockStatus.SYNCHRONISED,
        )
        entries = (
            PartEntry(number, kind, bodies.sha256(part), len(bodies.contents[part]), 1000 * (kind is PartKind.MEDIA))
            for number, (part, kind) in enumerate(
                zip(parts, chain([PartKind.INIT], repeat(PartKind.MEDIA)), strict=False)
            )
        )
        return Manifest(opening, Ended.STOPPED, tuple(entries))

    def _request(
        self, method: str, path: str, status: int, bodies: Bodies | None = None, body: int | None = None
    ) -> Request:
        headers = {"Host": "companion"}
        if bodies is not None and body is not None:
            headers |= {"Content-Digest": bodies.digests[body], "Content-Length": str(len(bodies.contents[body]))}
        signed = SignedRequest(method, f"http://companion{path}", headers)
        sign_request(signed, key=self.key, key_id=self.name, nonce=self.nonce, has_body=body is not None)
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in signed.headers.items())]
        return Request("\r\n".join([*lines, "\r\n"]), body, status)


class Fleet:
    """An agency with many kits, and the files that its service is started with, in `folder`."""

    def __init__(self, folder: Path, size: int) -> None:
        self._agency = Agency()
        self.kits = [FleetKit(f"kit-{number:04d}", new_key()) for number in range(size)]
        self.root = self._agency.root_thumbprint
        self.receipt_key = folder / "receipt.key.pem"
        self.directory_file = folder / "directory.jws"
        self.receipt_key.write_bytes(key_to_pem(self._agency.receipt_key))
        self.directory_file.write_text(self._agency.signed_directory(self.directory))

    @property
    def directory(self) -> Directory:
        """The directory that the service has."""
        entries = tuple(KitEntry(kit.name, to_jwk(kit.key.public_key())) for kit in self.kits)
        return replace(self._agency.directory(), kits=entries)

    def begin_sessions(self, address: Address) -> Load:
        """Let all kits begin a session with the service at once. Raises `LoadFailed`."""
        load = send(address, [[kit.opening()] for kit in self.kits], [])
        for kit, (answer,) in zip(self.kits, load.answers, strict=True):
            kit.nonce = json.loads(answer.body)["nonce"]
        return load

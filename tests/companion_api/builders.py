"""A service in the test's process, and a kit that signs its requests. Each answer is held against OpenAPI."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from fastapi import FastAPI
from sqlalchemy import URL

from companion_api.app import create_app
from companion_api.database.database import Database
from companion_api.database.migration import migrate
from companion_api.films.archive import Archive
from companion_api.films.erasure import Eraser
from companion_api.films.upkeep import mend
from companion_api.problems import MEDIA_TYPE, TYPE_PREFIX
from companion_api.published_directory import PublishedDirectory
from companion_api.staff.origin import Origin
from companion_api.staff.provider import Provider
from companion_api.stores.disk_store import DiskStore
from companion_api.stores.store import Store
from footage.http_signatures import SignedRequest, content_digest, sign_request
from tests.footage.builders import Agency, Film

ORIGIN = "https://films.example"
_DESCRIBED: dict[str, Any] = {}  # OpenAPI: the same for every service, and made in a tenth of a second
Body = bytes | Callable[[], AsyncIterator[bytes]]


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 10, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


def sqlite(path: Path) -> URL:
    """Return the address of a database file."""
    return URL.create("sqlite", database=str(path))


class Service:
    """One agency's service on a folder. `restart` opens it anew from what is durable."""

    def __init__(
        self,
        folder: Path,
        agency: Agency,
        *,
        store: Store | None = None,
        database: URL | None = None,
        provider: Callable[[Clock], Provider] | None = None,
    ) -> None:
        self.agency = agency
        self.clock = Clock()
        self.data = folder / "data"
        self.directory_file = folder / "directory.jws"
        self.directory_file.write_text(agency.signed_directory())
        self.database = database or sqlite(self.data / "companion.sqlite3")
        self._given_store = store
        self._provider = provider and provider(self.clock)
        self.data.mkdir(exist_ok=True)
        self._open()

    def _open(self) -> None:
        self.store = self._given_store or DiskStore(self.data / "store")
        database = Database(self.database)
        migrate(database)
        self.archive = Archive(self.store, database, self.clock)
        self.directory = PublishedDirectory(self.directory_file, self.agency.root_thumbprint, self.store)
        self.journal = DiskStore(self.data / "erasures")
        self.eraser = Eraser(self.archive, self.directory, self.agency.receipt_key, self.journal, "disk", 35)
        mend(self.eraser)
        self.app = create_app(eraser=self.eraser, origin=Origin(ORIGIN), provider=self._provider)
        if not _DESCRIBED:
            _DESCRIBED.update(self.app.openapi())
        self.app.openapi = lambda: _DESCRIBED  # type: ignore[method-assign]

    def close(self) -> None:
        self.app.state.agency.storage.shutdown()
        self.archive.database.close()

    def restart(self) -> None:
        self.close()
        self._open()

    def publish(self, token: str) -> None:
        self.directory_file.with_suffix(".new").write_text(token)
        self.directory_file.with_suffix(".new").replace(self.directory_file)

    def send(self, method: str, path: str, headers: dict[str, str] | None = None, body: Body = b"") -> httpx.Response:
        answer = asyncio.run(_send(self.app, method, path, headers or {}, body() if callable(body) else body))
        check_documented(self.app, answer)
        return answer


class Kit:
    """A kit as far as the service sees it."""

    def __init__(self, service: Service, name: str | None = None, key: EllipticCurvePrivateKey | None = None) -> None:
        self.service = service
        self.name = name or service.agency.kit
        self.key = key or service.agency.kit_key
        self.nonce = ""

    def begin(self) -> "Kit":
        answer = self.send("POST", f"/v1/kits/{self.name}/sessions")
        assert answer.status_code == 201, answer.text
        self.nonce = answer.json()["nonce"]
        return self

    def headers(self, method: str, path: str, body: bytes | None = None, **changed: str) -> dict[str, str]:
        """Return the headers of a signed request. `changed` (names with _ for -) are changed before signing."""
        headers = {}
        if body is not None:
            headers = {"content-digest": content_digest(body), "content-length": str(len(body))}
        headers |= {name.replace("_", "-"): value for name, value in changed.items()}
        request = SignedRequest(method, f"https://companion.example{path}", headers)
        sign_request(request, key=self.key, key_id=self.name, nonce=self.nonce, has_body=body is not None)
        return {name.lower(): value for name, value in request.headers.items()}

    def send(self, method: str, path: str, body: bytes | None = None, **changed: str) -> httpx.Response:
        return self.service.send(method, path, self.headers(method, path, body, **changed), body or b"")

    def put_key(self, film: str, sealed: bytes) -> httpx.Response:
        return self.send("PUT", f"/v1/films/{film}/key", sealed)

    def put_part(self, film: str, number: int, sealed: bytes) -> httpx.Response:
        return self.send("PUT", f"/v1/films/{film}/parts/{number}", sealed)

    def put_manifest(self, film: str, token: str | None) -> httpx.Response:
        assert token is not None
        return self.send("PUT", f"/v1/films/{film}/manifest", token.encode())

    def have(self, film: str) -> Any:
        answer = self.send("GET", f"/v1/films/{film}/parts")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def put_pieces(self, film: Film) -> None:
        """Send everything of a film but its manifest."""
        assert film.sealed_key is not None
        assert self.put_key(film.film, film.sealed_key).status_code in (200, 201)
        for number, sealed in film.parts.items():
            assert self.put_part(film.film, number, sealed).status_code in (200, 201)

    def put_film(self, film: Film) -> str:
        """Send a whole film and return its receipt."""
        self.put_pieces(film)
        answer = self.put_manifest(film.film, film.token)
        assert answer.status_code in (200, 201), answer.text
        return answer.text


@contextmanager
def running(
    folder: Path,
    agency: Agency,
    *,
    store: Store | None = None,
    provider: Callable[[Clock], Provider] | None = None,
) -> Iterator[Service]:
    service = Service(folder, agency, store=store, provider=provider)
    try:
        yield service
    finally:
        service.close()


def problem(answer: httpx.Response) -> str:
    """Return the code of an answer that is a problem."""
    assert answer.headers["content-type"] == MEDIA_TYPE, answer.text
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["title"]
    assert body["detail"]
    code: str = body["type"]
    assert code.startswith(TYPE_PREFIX)
    return code.removeprefix(TYPE_PREFIX)


def check_documented(app: FastAPI, answer: httpx.Response) -> None:
    """OpenAPI must tell of this status, of its media type, and of the problem by its code."""
    for path, operations in app.openapi()["paths"].items():
        operation = operations.get(answer.request.method.lower())
        if operation and re.fullmatch(re.sub(r"{\w+}", "[^/]+", path), answer.request.url.path):
            documented = operation["responses"].get(str(answer.status_code))
            assert documented is not None, (path, answer.status_code, answer.text)
            if answer.content:
                assert answer.headers["content-type"].split(";")[0] in documented["content"]
            if answer.is_error:
                assert f"`{problem(answer)}`" in documented["description"], (path, answer.text)


async def _send(
    app: FastAPI, method: str, path: str, headers: dict[str, str], body: bytes | AsyncIterator[bytes]
) -> httpx.Response:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        return await client.request(method, path, headers=headers, content=body)

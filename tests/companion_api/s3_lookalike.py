"""An S3 server on loopback that misbehaves as told. What real S3 does is tested on Ceph, in rigs."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from xml.etree import ElementTree

_LAST_MODIFIED = "Fri, 20 Nov 2026 10:00:00 GMT"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer instead of the right one. `done`: the request is carried out all the same. Status 0: none at all."""

    status: int = 0
    code: str = ""
    done: bool = False


@dataclass
class Lookalike:
    """One bucket. `answers` are given to the next requests, one each."""

    overwrites: bool = False
    keeps_versions: bool = False
    hides_deletes: bool = False
    objects: dict[str, bytes] = field(default_factory=dict)
    answers: deque[Answer] = field(default_factory=deque)
    requests: list[str] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)  # of bodies, as signed
    listed: list[str] = field(default_factory=list)  # names
    lock: threading.Lock = field(default_factory=threading.Lock)
    port: int = 0

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT": f"http://127.0.0.1:{self.port}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": "the-access-key",
            "AWS_SECRET_ACCESS_KEY": "the-secret-key",
            "NO_PROXY": "127.0.0.1",
        }

    def put(self, name: str, body: bytes, condition: str | None) -> int:
        if condition == "*" and name in self.objects and not self.overwrites:
            return 412
        self.objects[name] = body
        return 200

    def delete(self, listed: bytes) -> bytes:
        keys = [element.text or "" for element in ElementTree.fromstring(listed).iter() if element.tag.endswith("Key")]
        for key in keys:
            if not self.hides_deletes:
                self.objects.pop(key.removeprefix("prefix/"), None)
        return "".join(
            ["<DeleteResult>", *map("<Deleted><Key>{}</Key></Deleted>".format, keys), "</DeleteResult>"]
        ).encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer is one packet
    s3: ClassVar[Lookalike]

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        name = self.path.partition("?")[0].removeprefix("/films/prefix/")
        with self.s3.lock:
            self.s3.requests.append(self.command)
            told = self.s3.answers.popleft() if self.s3.answers else None
            status, content = (0, b"") if told and not told.done else self._do(name, body)
        if told:
            status, content = (
                told.status,
                f"<Error><Code>{told.code}</Code><Message>top secret</Message></Error>".encode(),
            )
        if status == 0:
            self.close_connection = True
            return
        self.send_response(status)
        if self.s3.keeps_versions:
            self.send_header("x-amz-version-id", "one")
        self.send_header("ETag", '"etag"')
        self.send_header("Last-Modified", _LAST_MODIFIED)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _do(self, name: str, body: bytes) -> tuple[int, bytes]:
        if self.command == "PUT":
            self.s3.hashes.append(self.headers.get("x-amz-content-sha256", ""))
            return self.s3.put(name, body, self.headers.get("If-None-Match")), b""
        if self.command == "POST":
            return 200, self.s3.delete(body)
        if "list-type=2" in self.path:
            return 200, f"<ListBucketResult>{''.join(map(_entry, self.s3.listed))}</ListBucketResult>".encode()
        held = self.s3.objects.get(name)
        return (200, held) if held is not None else (404, b"<Error><Code>NoSuchKey</Code></Error>")

    do_GET = do_PUT = do_POST = _answer  # noqa: N815  (names that http.server looks for)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _entry(name: str) -> str:
    written = "<LastModified>2026-11-20T10:00:00Z</LastModified><ETag>etag</ETag><Size>1</Size>"
    return f"<Contents><Key>prefix/{name}</Key>{written}</Contents>"


@contextmanager
def lookalike() -> Iterator[Lookalike]:
    """Run one on a free port."""
    s3 = Lookalike()
    handler = type("Handler", (_Handler,), {"s3": s3})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        s3.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield s3
        finally:
            server.shutdown()
            thread.join()

"""tuspyserver as its documents show it, under uvicorn with our service's options: `python -m benchmarks.tus DIR HOST`.

Its requests are those of a tus client that sends each part as an upload of its own: creation, then one PATCH.
"""

import sys

import uvicorn
from fastapi import FastAPI
from tuspyserver import create_tus_router

from benchmarks.load import LOCATION, Request
from companion_api.service import listening_socket

_HEAD = "Host: companion\r\nTus-Resumable: 1.0.0"
_METADATA = "filename cGFydA==,filetype YXBwbGljYXRpb24vb2N0ZXQtc3RyZWFt"  # part, application/octet-stream


def upload(body: int, size: int) -> tuple[Request, Request]:
    """Return the requests that upload a body of `size` bytes, the load's number `body`."""
    creation = f"POST /files HTTP/1.1\r\n{_HEAD}\r\nUpload-Length: {size}\r\nUpload-Metadata: {_METADATA}\r\n\r\n"
    patch = (
        f"PATCH {LOCATION} HTTP/1.1\r\n{_HEAD}\r\nUpload-Offset: 0\r\nContent-Length: {size}\r\n"
        "Content-Type: application/offset+octet-stream\r\n\r\n"
    )
    return Request(creation, None, 201), Request(patch, body, 204)


def main() -> None:
    """Serve until SIGTERM."""
    app = FastAPI()
    app.include_router(create_tus_router(files_dir=sys.argv[1]))
    host = sys.argv[2]
    with listening_socket(host, 0) as listening:
        print(f"listening on http://{host}:{listening.getsockname()[1]}", flush=True)
        config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=30)
        uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()

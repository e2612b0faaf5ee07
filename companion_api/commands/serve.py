"""`companion-api serve`: run the service, in this process or in several workers."""

import argparse
import asyncio
import logging
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import cast

import uvicorn
from fastapi import FastAPI

from companion_api.connection import KEEP_ALIVE_SECONDS, Connection
from companion_api.operations.logs import logging_config
from companion_api.operations.memory import keep_freed_memory
from companion_api.operations.metrics import MULTIPROCESS
from companion_api.service import Exit, NotStarted, claimed, listening_socket, mend, open_service
from companion_api.settings import Settings
from companion_api.workers import SharedAddress, Workers

SUMMARY = "run the service until SIGTERM or Ctrl-C"
EPILOG = """example:
  companion-api serve --data /srv/attune --receipt-key /etc/attune/receipt.pem \\
      --directory /etc/attune/directory.jws --root="$(cat /etc/attune/root.thumbprint)"

Requests under way are finished before it ends; SIGHUP replaces the workers one by one.
Publish a new directory by replacing its file; the service sees it at the next request, without a restart.
Put a TLS proxy in front: the service speaks plain HTTP and listens on loopback unless told otherwise."""
GRACE_SECONDS = 30  # for requests under way when the end has come

_log = logging.getLogger(__name__)


def add_arguments(_: argparse.ArgumentParser) -> None:
    """Take no arguments besides the settings."""


def run(settings: Settings, _: argparse.Namespace) -> None:
    """Serve until a signal comes. Raises `NotStarted`."""
    keep_freed_memory()
    with claimed(settings.data):
        mend(settings)
        app = open_service(settings)
        with listening_socket(settings.host, settings.port) as listening:
            host = f"[{settings.host}]" if ":" in settings.host else settings.host
            say = partial(print, f"listening on http://{host}:{listening.getsockname()[1]}", flush=True)
            config = uvicorn.Config(
                app,
                loop="uvloop",
                http=cast(type[asyncio.Protocol], Connection),  # it is a BufferedProtocol, which both loops know
                ws="none",
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                proxy_headers=False,
                server_header=False,
                log_config=logging_config(settings.log),
                access_log=False,
                timeout_graceful_shutdown=GRACE_SECONDS,
                workers=settings.workers,
            )
            if settings.workers == 1:
                for wish in (signal.SIGTERM, signal.SIGINT):
                    signal.signal(wish, _stop)  # uvicorn finishes what is under way and then raises the signal again
                say()
                uvicorn.Server(config).run(sockets=[listening])
                return
            app.state.agency.archive.database.close()  # connections must not be shared with workers
            config.app, config.factory = partial(open_in_worker, settings), True
            with _shared_metrics(), SharedAddress.instead_of(listening) as address:
                Workers(config, address, ready=say).run()


def open_in_worker(settings: Settings) -> FastAPI:
    """Open the service in a worker. If it can't be now (the database may be away), say so and end: another tries."""
    try:
        return open_service(settings)
    except NotStarted as reason:
        _log.error("a worker can't start, and another one tries: %s", reason)
        sys.exit(reason.exit_code)


@contextmanager
def _shared_metrics() -> Iterator[None]:
    """Give the workers a folder for their counts; it ends with the service."""
    with tempfile.TemporaryDirectory(prefix="companion-api-metrics-") as folder:
        os.environ[MULTIPROCESS] = folder
        yield


def _stop(_signal: int, _frame: object) -> None:
    sys.exit(Exit.STOPPED)

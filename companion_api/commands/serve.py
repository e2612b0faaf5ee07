"""`companion-api serve`: run the service."""

import argparse
import logging
import signal
import sys

import uvicorn

from companion_api.service import Exit, claimed, listening_socket, open_service
from companion_api.settings import Settings

SUMMARY = "run the service until SIGTERM or Ctrl-C"
EPILOG = """example:
  companion-api serve --data /srv/attune --receipt-key /etc/attune/receipt.pem \\
      --directory /etc/attune/directory.jws --root "$(cat /etc/attune/root.thumbprint)"

Requests under way are finished before it ends.
Publish a new directory by replacing its file; the service sees it at the next request, without a restart.
Put a TLS proxy in front: the service speaks plain HTTP and listens on loopback unless told otherwise."""


def add_arguments(_: argparse.ArgumentParser) -> None:
    """Take no arguments besides the settings."""


def run(settings: Settings, _: argparse.Namespace) -> None:
    """Serve until a signal comes. Raises `NotStarted`."""
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    for wish in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wish, _stop)  # uvicorn finishes what is under way and then raises the signal again
    with claimed(settings.data):
        app = open_service(settings)
        with listening_socket(settings.host, settings.port) as listening:
            host = f"[{settings.host}]" if ":" in settings.host else settings.host
            print(f"listening on http://{host}:{listening.getsockname()[1]}", flush=True)
            config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=30)
            uvicorn.Server(config).run(sockets=[listening])


def _stop(_signal: int, _frame: object) -> None:
    sys.exit(Exit.STOPPED)

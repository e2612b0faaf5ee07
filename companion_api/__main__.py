"""The command `companion-api`."""

import logging
import os
import signal
import sys

import uvicorn

from companion_api.service import Exit, NotStarted, claimed, listening_socket, open_service
from companion_api.settings import Settings, read_settings


def main() -> None:
    """Run `companion-api` and exit with an `Exit` code."""
    settings = read_settings(sys.argv[1:], os.environ)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    for wish in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wish, _stop)  # uvicorn finishes what is under way and then raises the signal again
    try:
        _serve(settings)
    except NotStarted as reason:
        print(f"companion-api: {reason}", file=sys.stderr)
        sys.exit(reason.exit_code)


def _serve(settings: Settings) -> None:
    with claimed(settings.data):
        app = open_service(settings)
        with listening_socket(settings.host, settings.port) as listening:
            host = f"[{settings.host}]" if ":" in settings.host else settings.host
            print(f"listening on http://{host}:{listening.getsockname()[1]}", flush=True)
            config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=30)
            uvicorn.Server(config).run(sockets=[listening])


def _stop(_signal: int, _frame: object) -> None:
    sys.exit(Exit.STOPPED)


if __name__ == "__main__":
    main()

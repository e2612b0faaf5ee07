"""A whole agency in a folder: its keys, its service, one kit. Every program runs as its own process, as in life."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL

from companion_api.database.database import Database
from companion_api.films.archive import Archive
from companion_api.stores.disk_store import DiskStore
from device.config import KitConfig, read_config
from device.spool import Spool
from device.spooled_film import SpooledFilm
from device.status import RECORDER_FILE, UPLINK_FILE, RecorderStatus, UplinkStatus, read_status
from provisioning.agency import Agency

KIT = "kit-0001"
PASSPHRASE = b"only for a demonstration"
_END_SECONDS = 20


class Stack:
    """Makes the agency at once; programs are started by the caller. Logs of all programs lie in `logs/`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "service"
        self.logs = folder / "logs"
        self.logs.mkdir(parents=True)
        self.agency = Agency.create(folder / "agency", PASSPHRASE)

    @contextmanager
    def service(self, port: int = 0) -> Iterator[str]:
        """Run the companion API and yield its address."""
        with self.program("service", self.service_command(port), stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            line = process.stdout.readline().decode()
            if "listening on " not in line:
                raise RuntimeError(f"the service did not start; see {self.logs / 'service.log'}")
            yield line.split("listening on ")[1].strip()

    def service_command(self, port: int) -> list[str]:
        """Return how the service is called, for who does not wait until it listens."""
        return self.companion_command("serve", "--port", str(port))

    def companion_command(self, *words: str) -> list[str]:
        """Return how another command of the companion API is called, on the service's data."""
        return [
            *("companion_api", *words, "--data", str(self.data), f"--root={self.agency.root}"),
            *("--receipt-key", str(self.agency.folder / "receipt.key.pem")),
            *("--directory", str(self.agency.folder / "directory.jws")),
        ]

    @contextmanager
    def archive(self) -> Iterator[Archive]:
        """Open what the service has, beside the service."""
        database = Database(URL.create("sqlite", database=str(self.data / "companion.sqlite3")))
        try:
            yield Archive(DiskStore(self.data / "store"), database)
        finally:
            database.close()

    def add_kit(self, service: str) -> None:
        """Add the one kit."""
        self.agency.add_kit(KIT, service, simulated=True)

    @property
    def config(self) -> KitConfig:
        """The kit's settings."""
        return read_config(self._kit_toml)

    def films(self) -> list[SpooledFilm]:
        """Return the films on the kit."""
        return Spool(self.config.spool, reserve=0, last_film=self.config.status / "last-film").films()

    def recorder_status(self) -> RecorderStatus | None:
        """Return what the recorder says."""
        return read_status(self.config.status / RECORDER_FILE, RecorderStatus)

    def uplink_status(self) -> UplinkStatus | None:
        """Return what the uplink says."""
        return read_status(self.config.status / UPLINK_FILE, UplinkStatus)

    def recorder_command(self, script: Path, source: Path | None = None) -> list[str]:
        """Return how the recorder is called to play a script."""
        command = ["device", "--config", str(self._kit_toml), "recorder", "--script", str(script)]
        return [*command, "--source", str(source)] if source else command

    def uplink_command(self, *options: str) -> list[str]:
        """Return how the uplink is called."""
        return ["device", "--config", str(self._kit_toml), "uplink", *options]

    @contextmanager
    def program(self, name: str, command: list[str], stdout: int | None = None) -> Iterator[subprocess.Popen[bytes]]:
        """Run one of our programs; end it by its id on leaving."""
        with (self.logs / f"{name}.log").open("ab") as log:
            process = subprocess.Popen([sys.executable, "-m", *command], stdout=stdout or log, stderr=log)
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.send_signal(signal.SIGTERM)
                    try:
                        process.wait(_END_SECONDS)
                    except subprocess.TimeoutExpired:
                        process.kill()
                        process.wait()
                if process.stdout:
                    process.stdout.close()

    @property
    def _kit_toml(self) -> Path:
        return self.agency.folder / "kits" / KIT / "kit.toml"

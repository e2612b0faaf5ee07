"""A real PostgreSQL from Debian, in a folder of its own, on a Unix socket: with data checksums, and durable as ever."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from tests.rigs.engine import Program, run_to_end
from tests.rigs.rig_stack import wait_until

_INSTALLED = Path("/usr/lib/postgresql")
_SERVER_USER = "postgres"  # of Debian's package; the server refuses to run as root
_USER = "attune"
_CONNECTIONS = 200


class Postgres:
    """A server whose data and socket are in `folder`. All its processes may be killed, and started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._user = _SERVER_USER if os.geteuid() == 0 else None
        self._programs = _newest_programs()
        data, socket_folder = f"{folder}/data", str(folder)
        settings = ["listen_addresses=", f"unix_socket_directories={socket_folder}", f"max_connections={_CONNECTIONS}"]
        command = [f"{self._programs}/postgres", "-D", data, *(word for one in settings for word in ("-c", one))]
        self._server = Program(command, folder / "postgres.log", user=self._user)

    def create(self) -> None:
        """Make the cluster's files, in the empty folder."""
        if self._user:
            shutil.chown(self._folder, self._user)
        initdb = [f"{self._programs}/initdb", "-D", f"{self._folder}/data", "-U", _USER]
        run_to_end(
            [*initdb, "--auth=trust", "--data-checksums", "--encoding=UTF8", "--locale=C.UTF-8"], user=self._user
        )

    def start(self) -> None:
        """Start the server and wait until it answers: after a kill, until it has recovered."""
        self._server.start()
        wait_until(self._answers)

    def kill(self) -> None:
        """End all its processes at once, as a power cut would, but for what the kernel has not written yet."""
        self._server.kill()

    def cpu_seconds(self) -> float:
        """Return the user and system time of all its processes, from its start."""
        return self._server.cpu_seconds()

    @contextmanager
    def database(self, template: str = "") -> Iterator[str]:
        """Make a database, yield its address for SQLAlchemy, and drop it.

        `template`: the address of a database to which nobody is connected; the new one begins as its copy.
        """
        name = f"rig_{uuid.uuid4().hex}"
        copied = _database_of(template) if template else "template1"
        self._do(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(copied)))
        try:
            yield f"postgresql+psycopg://{_USER}@/{name}?host={self._folder}"
        finally:
            self._do(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _answers(self) -> bool:
        self._server.assert_running()
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(host=str(self._folder), user=_USER, dbname="postgres", autocommit=True)

    def _do(self, statement: sql.Composed) -> None:
        with self._connect() as connection:
            connection.execute(statement)


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Start a server, in a folder that its user can reach; end it and remove the folder. Raises `AssertionError`."""
    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:
        postgres = Postgres(Path(folder))
        try:
            postgres.create()
            postgres.start()
            yield postgres
        finally:
            postgres.kill()


def _database_of(address: str) -> str:
    return address.partition("?")[0].rpartition("/")[2]


def _newest_programs() -> Path:
    versions = [folder for folder in _INSTALLED.glob("*") if (folder / "bin" / "postgres").exists()]
    assert versions, f"No PostgreSQL below {_INSTALLED}. Next step: apt-get install postgresql"
    return max(versions, key=lambda folder: float(folder.name)) / "bin"

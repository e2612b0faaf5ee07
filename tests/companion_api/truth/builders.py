"""What tests of scrub, backup and restore share."""

from pathlib import Path
from typing import Any

from companion_api.audit.heads import sign_head
from companion_api.database.database import METADATA, Database
from companion_api.films.fault_rows import FaultRows
from companion_api.films.faults import FaultKind
from companion_api.stores.store import Store
from companion_api.truth.backup import Source, back_up
from companion_api.truth.backup_folder import BackupFolder, BackupNote
from companion_api.truth.object_copy import Run, Uncopied
from companion_api.truth.scrub import Manner, scrub_all
from companion_api.truth.scrub_rows import ScrubRow
from tests.companion_api.builders import Kit, Service
from tests.companion_api.command_line import run_command
from tests.footage.builders import Film, make_film

Found = list[tuple[FaultKind, str]]


def whole_gone_and_open(service: Service, kit: Kit) -> tuple[Film, Film, Film]:
    """Take in a film, another one that its family takes back, and one without its manifest; sign the trail's head."""
    whole, gone, still_open = (make_film(service.agency) for _ in range(3))
    kit.put_film(whole)
    kit.put_film(gone)
    kit.put_pieces(still_open)
    kit.send("DELETE", f"/v1/films/{gone.film}")
    sign_head(service.archive, service.agency.receipt_key)
    return whole, gone, still_open


def at_once(*, asks_again: bool = False) -> Manner:
    """A scrub that does not wait before it looks again."""
    return Manner(lambda _: None, asks_again=asks_again, settle=lambda: None)


def scrubbed(service: Service, manner: Manner | None = None) -> Found:
    """Scrub all, and return the faults that stand: kind, and object below its film's folder."""
    row = scrub(service, manner)
    assert row.ended_at is not None
    return standing(service)


def scrub(service: Service, manner: Manner | None = None, *, anew: bool = True) -> ScrubRow:
    directory = service.agency.verified_directory()
    return scrub_all(service.archive, directory, service.agency.root_thumbprint, manner or at_once(), anew=anew)


def standing(service: Service) -> Found:
    with service.archive.database.reading() as connection:
        found = [each.fault for each in FaultRows(connection).standing()]
    return [(fault.kind, fault.object.removeprefix(f"films/{fault.film}/")) for fault in found]


def rows_of(database: Database) -> dict[str, list[Any]]:
    """All rows of all tables."""
    with database.reading() as connection:
        return {
            table.name: sorted(connection.execute(table.select()).all(), key=str) for table in METADATA.sorted_tables
        }


def objects_of(store: Store) -> dict[str, bytes]:
    """All objects of a store."""
    return {name: store.get(name) or b"" for name in store.list("")}


def back_up_into(service: Service, to: Path, run: Run | None = None) -> tuple[BackupNote, Uncopied]:
    source = Source(service.archive, service.agency.receipt_key, service.agency.root_thumbprint)
    return back_up(source, BackupFolder(to), run or Run())


def ended(service: Service, *arguments: str, **settings: object) -> int:
    """Run a command, and return its exit code."""
    try:
        run_command(service, *arguments, **settings)
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def path_of(service: Service, film: str, name: str) -> Path:
    return service.data / "store" / "films" / film / name


def flip_a_bit(path: Path, at: int = 100) -> None:
    """Damage a file as a disk may: its length stays."""
    data = bytearray(path.read_bytes())
    data[at] ^= 0x10
    path.write_bytes(data)

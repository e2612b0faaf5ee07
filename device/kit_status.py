"""`kit-device status`: what is on the kit, what recorder and uplink do, and what to do about what is wrong.

Plain text, the same in a terminal and in a pipe; `--json` has the same facts for programs.
"""

from collections.abc import Iterator
from contextlib import suppress

import msgspec

from device.config import KitConfig
from device.errors import ConfigInvalid
from device.outlook import megabytes, outlook, share
from device.profiles import PROFILES, bytes_per_minute
from device.spool import Spool
from device.spooled_film import FilmState, SpooledFilm
from device.standing import MEANING, Standing, public_key, standing
from device.status import RECORDER_FILE, UPLINK_FILE, RecorderStatus, UplinkStatus, read_status
from device.tls import tls_context
from device.trouble import ADVICE, Trouble
from footage.errors import FootageError
from footage.keys import from_jwk, thumbprint
from footage.manifest import ClockStatus
from footage.messages import Message


class Said(Message, frozen=True):
    """A trouble by code, and in words with the next step."""

    code: str
    text: str


class FilmOnKit(Message, frozen=True):
    """A film of the spool: its durable parts, the bytes of all its files, and when it began (None: unknown)."""

    film: str
    state: str
    parts: int
    bytes: int
    started_at: str | None


class KitStatus(Message, frozen=True):
    """All of it. What only a running recorder knows, its state and lights, is None while there is none.

    `key` is the thumbprint of the kit's key, `standing` what the directory says of it.
    """

    kit: str
    key: str | None
    standing: Standing | None
    directory_version: int | None
    directory_until: str | None
    recorder: str | None
    tally: bool | None
    consent: bool | None
    film: str
    film_seconds: float
    fault: Said | None
    warnings: tuple[Said, ...]
    uplink: UplinkStatus | None
    room_bytes: int
    room_minutes: int
    films: tuple[FilmOnKit, ...]


_STATES = {
    FilmState.EMPTY: "never begun; the next start removes it",
    FilmState.OPEN: "interrupted; the next start closes it",
    FilmState.CLOSED: "waits for the agency",
    FilmState.RECEIPTED: "safe at the agency; is being erased",
    FilmState.TAKEN_BACK: "destroyed; the agency is still to be told",
}


def kit_status(config: KitConfig, spool: Spool) -> KitStatus:
    """Look at files, and at nothing else: neither service is asked or disturbed."""
    last = read_status(config.status / RECORDER_FILE, RecorderStatus)
    running = last if spool.is_claimed() else None
    uplink = read_status(config.status / UPLINK_FILE, UplinkStatus)
    unusable = []
    try:
        directory = config.accepted_directory()
    except ConfigInvalid as reason:
        directory = None
        unusable.append(Said(reason.code, str(reason)))
    if config.authority:
        try:
            tls_context(config.authority)
        except ConfigInvalid as reason:
            unusable.append(Said(reason.code, str(reason)))
    key = public_key(config)
    warned = [Said(code, ADVICE[Trouble.of(code)]) for code in running.warnings] if running else []
    room = max(0, spool.room_left())
    return KitStatus(
        kit=config.kit,
        key=thumbprint(from_jwk(key)) if key else None,
        standing=standing(directory, config.kit, key) if directory and key else None,
        directory_version=directory.version if directory else None,
        directory_until=directory.valid_until if directory else None,
        recorder=running.state if running else None,
        tally=running.tally if running else None,
        consent=running.consent if running else None,
        film=running.film if running else "",
        film_seconds=running.at_ms / 1000 if running else 0.0,
        # A fault lasts until a person presses a button, also while no recorder runs.
        fault=Said(last.fault_code, last.fault) if last and last.fault else None,
        warnings=(*unusable, *warned),
        uplink=uplink,
        room_bytes=room,
        room_minutes=room // bytes_per_minute(PROFILES[config.profile]),
        films=tuple(map(_film, spool.films())),
    )


def as_json(status: KitStatus) -> str:
    """Return one indented JSON object, fields as in `KitStatus`."""
    return msgspec.json.format(msgspec.json.encode(status), indent=2).decode()


def as_text(status: KitStatus) -> str:
    """Return lines, each with what it is about in its first eleven columns."""
    return "\n".join(f"{about:<11}{fact}" for about, fact in _lines(status))


def _lines(status: KitStatus) -> Iterator[tuple[str, str]]:
    yield "kit", status.kit
    yield "key", _key(status)
    yield "directory", _directory(status)
    yield "recorder", _recorder(status)
    if status.recorder is not None:
        yield "lights", f"recording {_light(status.tally)}, consent {_light(status.consent)}"
    if status.fault:
        yield "fault", f"{status.fault.code}: {status.fault.text}"
    for warning in status.warnings:
        yield "warning", f"{warning.code}: {warning.text}"
    yield "uplink", outlook(status.uplink) if status.uplink else "not started yet"
    if (uplink := status.uplink) is not None:
        if uplink.link:
            yield "link", uplink.link
        if uplink.last_receipt:
            yield "receipts", f"{uplink.receipts} since the uplink's start, the last for {uplink.last_receipt}"
        if uplink.problem:
            yield "problem", f"{uplink.problem_code}: {uplink.problem}"
    yield "room", f"{status.room_minutes} minutes of film"
    total = sum(film.bytes for film in status.films)
    yield "films", f"{len(status.films)} on the kit, {megabytes(total)}" if status.films else "none on the kit"
    for film in status.films:
        yield "", f"{film.film}  {film.parts:4} parts, {megabytes(film.bytes):>9}  {_film_state(film, status)}"


def _key(status: KitStatus) -> str:
    if status.key is None:
        return "none that can be read"
    return f"{status.key}, {MEANING[status.standing]}" if status.standing else status.key


def _directory(status: KitStatus) -> str:
    if status.directory_version is None:
        return "none that can be used"
    until = f", holds until {status.directory_until}" if status.directory_until else ""
    return f"version {status.directory_version}{until}"


def _recorder(status: KitStatus) -> str:
    if status.recorder is None:
        return "not running"
    return f"{status.recorder}, {status.film_seconds:.0f} s of {status.film}" if status.film else status.recorder


def _film_state(film: FilmOnKit, status: KitStatus) -> str:
    state = "is being filmed" if film.film == status.film else _STATES[FilmState[film.state.upper()]]
    on_its_way = next((one for one in status.uplink.films if one.film == film.film), None) if status.uplink else None
    if on_its_way is None:
        return state
    return "the agency refuses it" if on_its_way.refused else f"{state}; the agency has {share(on_its_way)}"


def _film(film: SpooledFilm) -> FilmOnKit:
    return FilmOnKit(film.film, film.state.name.lower(), len(film.part_names()), _bytes(film), _started_at(film))


def _started_at(film: SpooledFilm) -> str | None:
    """Return when a film began, if the kit knew the time then."""
    try:
        opening = film.opening()
    except (OSError, FootageError):  # being begun, or erased meanwhile
        return None
    return opening.started_at if opening.clock is ClockStatus.SYNCHRONISED else None


def _bytes(film: SpooledFilm) -> int:
    total = 0
    with suppress(FileNotFoundError):  # the uplink may erase it meanwhile
        for file in film.folder.iterdir():
            with suppress(FileNotFoundError):
                total += file.stat().st_size
    return total


def _light(lit: bool | None) -> str:
    return "lit" if lit else "dark"

"""A kit's heartbeat: what it says of itself, every few minutes and when something changes.

It holds figures and short codes, no words. What this version does not know is left out, so that a newer kit can tell
an older service as much as that understands; what comes later must therefore be optional.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from companion_api.films.archive import Archive
from companion_api.kits.heartbeat_rows import HeartbeatRows
from companion_api.kits.kit_access import KitSession
from footage.manifest import ClockStatus

_TIME = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"
Count = Annotated[int, Field(ge=0, le=2**53 - 1)]
Code = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9.-]{0,39}$")]
Codes = Annotated[list[Code], Field(max_length=32)]
Time = Annotated[str, Field(pattern=_TIME)]


class Heartbeat(BaseModel):
    """What a kit says of itself. Its times are by its own clock, which may stand in 1970."""

    model_config = ConfigDict(strict=True, extra="ignore")

    number: Count = Field(description="higher than in the heartbeat before, within a session; a lower one is ignored")
    at: Time
    clock: ClockStatus = Field(description="whether a time service has set the clock")
    software: Annotated[str, Field(pattern="^[0-9A-Za-z][0-9A-Za-z.+~-]{0,31}$")]
    system: Code = Field(description="the operating system, such as debian-13")
    directory: Count | None = Field(description="version of the directory that the kit goes by; null: it has none")
    recorder: Literal["running", "stopped"]
    battery: Literal["well", "low"] | None = Field(description="null: nobody knows while the recorder is stopped")
    free_bytes: Count = Field(description="of the card, for films")
    films: Count = Field(description="on the kit: being filmed, waiting for the agency, or to be taken back")
    film_bytes: Count = Field(description="of these films")
    oldest_seconds: Count | None = Field(description="since the oldest of them began; null: none, or unknown")
    selftest_at: Time | None = Field(description="when `kit-device selftest` was last run; null: never, or unknown")
    selftest_light: Literal["ok", "failed"] | None = Field(description="what it said of the recording light")
    selftest_failed: Codes = Field(description="which of the kit's parts it found wrong")
    faults: Codes = Field(description="troubles by code: docs/panel.md, and what is refused: docs/kit-services.md")
    # Older kits do not say how their films get on.
    bytes_to_go: Count | None = Field(None, description="of the films, what the kit has no acknowledgement for yet")
    bytes_per_second: Count | None = Field(
        None, description="that went up in the last minute; 0: the link stands still; null: nothing to measure yet"
    )
    seconds_to_go: Count | None = Field(
        None, description="at that rate; null: nobody can know, as more is being filmed or nothing moves"
    )

    @property
    def light(self) -> Literal["ok", "failed"] | None:
        """Whether the recording light was last found well, by a film that it ended or by a self-test."""
        return "failed" if "light-failed" in self.faults else self.selftest_light


def keep_heartbeat(archive: Archive, session: KitSession, heartbeat: Heartbeat) -> bool:
    """Keep a heartbeat as the kit's newest, unless a newer one is there. Raises `StoreFull`, `StoreFailed`.

    Of two, the one of the session that was begun later is newer, and within a session the one with the higher number;
    so one that is replayed or late can't hide what came after it.
    """
    begun = int(session.begun.timestamp())
    with archive.database.writing() as connection:
        rows = HeartbeatRows(connection)
        return rows.keep(session.kit, archive.timestamp(), begun, heartbeat.number, heartbeat.model_dump_json())

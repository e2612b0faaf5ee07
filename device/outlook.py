"""How far films are and how long they will take, in words: as `kit-device status` and its `--watch` say it."""

import math

from device.status import FilmProgress, UplinkStatus


def outlook(uplink: UplinkStatus) -> str:
    """Return how it is with all films, in a line."""
    return ", ".join(filter(None, (load(uplink), pace(uplink))))


def load(uplink: UplinkStatus) -> str:
    """Return what is to go."""
    if not uplink.films_waiting:
        return "all films are with the agency, none is left on the kit"
    films = "1 film waits" if uplink.films_waiting == 1 else f"{uplink.films_waiting} films wait"
    return f"{films}, {megabytes(uplink.bytes_to_go)} to go"


def pace(uplink: UplinkStatus) -> str:
    """Return rate and time to go, or as much of them as can be known; nothing where there is nothing to send."""
    rate = uplink.bytes_per_second
    if not uplink.bytes_to_go or rate is None:
        return "measuring" if uplink.bytes_to_go and uplink.moving else ""
    if not rate:
        return "nothing moves"
    at = f"{rate / 1e6:.1f} MB/s" if rate >= 1e6 else f"{rate / 1e3:.1f} kB/s"
    return f"{at}, {'end unknown' if uplink.seconds_to_go is None else span(uplink.seconds_to_go)}"


def share(film: FilmProgress) -> str:
    """Return how much of a film is with the agency: 100 % with its receipt only."""
    return f"{100 * film.bytes_there // film.bytes if film.bytes else 0} %"


def megabytes(count: int) -> str:
    """Return a number of bytes for people."""
    return f"{count / 1e6:.1f} MB"


def span(seconds: int) -> str:
    """Return a time span, rounded up, in the largest unit that fits twice."""
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds > 2 * length:
            return f"about {math.ceil(seconds / length)} {unit}"
    return "about 2 min" if seconds > 60 else "less than a minute"

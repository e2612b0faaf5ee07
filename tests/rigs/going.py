"""What is promised of films that go: a tombstone first, then `film.key`, then the rest, and only then a certificate."""

from collections.abc import Iterator
from pathlib import Path

from footage.directory import Directory
from footage.erasure import read_erasure
from footage.errors import FootageError
from tests.rigs.deeds import rows

_ERASURES = "SELECT film, begun_at IS NOT NULL, done_at IS NOT NULL FROM erasures"


def going_faults(data: Path, directory: Directory, films: dict[str, bool], *, mended: bool) -> list[str]:
    """Return what is not as promised of films that had been whole, by whether they are whole now.

    With `mended` the service has started since, and has gone on with every erasure that had begun.
    """
    begun_and_done = {film: (bool(begun), bool(done)) for film, begun, done in rows(data, _ERASURES)}
    faults = []
    for film, whole in films.items():
        begun, done = begun_and_done.get(film, (False, False))
        folder = data / "store" / "films" / film
        left = any(path.is_file() for path in folder.rglob("*"))
        places = [data / "erasures" / f"{film}.jws", data / "store" / "erasures" / f"{film}.jws"]
        certified = [place.exists() for place in places]
        states = {
            "is not whole, and has no tombstone": not whole and not begun,
            "has lost other things before film.key": not whole and (folder / "film.key").exists(),
            "has a certificate, and something of it is left": any(certified) and left,
            "has a certificate in the store, and none in the journal": certified == [False, True],
            "is called erased without its certificates": done and not all(certified),
            "was begun with, and is not erased": mended and (begun or any(certified)) and not done,
        }
        faults += [f"film {film} {state}" for state, holds in states.items() if holds]
        faults += _unproven(film, places, directory)
    return faults


def _unproven(film: str, places: list[Path], directory: Directory) -> Iterator[str]:
    for place in places:
        try:
            if place.exists():
                read_erasure(place.read_text("ascii"), directory, film=film)
        except (FootageError, ValueError) as reason:
            yield f"film {film} has a certificate that proves nothing: {reason}"

"""The films in a store's folder, as the service's disk store lays them out (`docs/companion-api.md`)."""

from dataclasses import dataclass
from pathlib import Path

from footage.directory import Directory, read_directory
from footage.errors import FootageError
from provisioning.errors import StoreInvalid


@dataclass(frozen=True, slots=True)
class StoredFilm:
    """One film's files; each method returns None for a file that is not there (`footage.film.FilmFiles`)."""

    folder: Path

    @property
    def film(self) -> str:
        """The film's id."""
        return self.folder.name

    def manifest(self) -> bytes | None:
        """Return the signed manifest."""
        return _read(self.folder / "manifest.jws")

    def film_key(self) -> bytes | None:
        """Return `film.key`."""
        return _read(self.folder / "film.key")

    def receipt(self) -> bytes | None:
        """Return the signed receipt."""
        return _read(self.folder / "receipt.jws")

    def part(self, number: int) -> bytes | None:
        """Return a sealed part."""
        return _read(self.folder / "parts" / f"{number:05d}")


class Store:
    """A store's folder, or the service's data folder around it. Raises `StoreInvalid` if it is neither."""

    def __init__(self, folder: Path) -> None:
        inner = folder / "store"
        self.folder = inner if inner.is_dir() else folder
        if not (self.folder / "directory.jws").is_file():
            raise StoreInvalid(f"{folder} is no store: it has no directory.jws. Name the service's data folder.")

    def directory(self, root: str) -> Directory:
        """Return the directory that the service had last. Raises `StoreInvalid`."""
        try:
            return read_directory((self.folder / "directory.jws").read_text("ascii"), root)
        except (OSError, UnicodeDecodeError, FootageError) as reason:
            raise StoreInvalid(f"The store's directory can't be trusted: {reason}") from None

    def films(self) -> list[StoredFilm]:
        """Return all films, in the order of their ids."""
        films = self.folder / "films"
        return [StoredFilm(folder) for folder in sorted(films.iterdir())] if films.is_dir() else []


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None

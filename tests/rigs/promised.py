"""What is promised of a film on a card whose power was cut, checked after the kit's next start."""

import hashlib
from pathlib import Path

from footage.errors import FootageError
from footage.manifest import Ended
from footage.parts import PartKind, PartName
from tests.rigs.announced import MANIFEST
from tests.rigs.footage_source import FRAME_RATE
from tests.rigs.opened import KitFiles, Opener, decoded


def broken_promises(folder: Path, acknowledged: dict[str, str], ended: Ended, opener: Opener) -> list[str]:
    """Return in words what is not as promised of the film in `folder`: nothing is what we want.

    `acknowledged` are the names and SHA-256 of parts (and manifest) that the spool had called durable; all must be
    there, and at most one part more. The film must open from its first part to its last, decode, and have `ended` so.
    """
    return [
        *_lost(folder, acknowledged),
        *_unexplained(folder),
        *_unopened(folder, acknowledged, ended, opener),
    ]


def _lost(folder: Path, acknowledged: dict[str, str]) -> list[str]:
    faults = []
    for name, digest in acknowledged.items():
        file = folder / ("manifest.jws" if name == MANIFEST else name)
        if not file.exists():
            faults.append(f"{name} was acknowledged and is gone")
        elif hashlib.sha256(file.read_bytes()).hexdigest() != digest:
            faults.append(f"{name} was acknowledged and has other bytes")
    return faults


def _unexplained(folder: Path) -> list[str]:
    explained = {"film.key", "opening.json", "manifest.jws"}
    names = {file.name for file in folder.iterdir()} - explained
    parts = {name for name in names if name.endswith(".age")}
    numbers = sorted(PartName.parse(name).number for name in parts)
    faults = [f"unexplained: {name}" for name in names - parts]
    return faults if numbers == list(range(len(numbers))) else [*faults, f"the parts are {numbers}"]


def _unopened(folder: Path, acknowledged: dict[str, str], ended: Ended, opener: Opener) -> list[str]:
    try:
        manifest, movie = opener.open(folder.name, KitFiles(folder))
    except FootageError as reason:
        return [f"the film does not open: {reason.code}"]
    faults = []
    if manifest.ended is not ended:
        faults.append(f"the film is {manifest.ended.value}, not {ended.value}")
    durable = len(acknowledged) - (MANIFEST in acknowledged)
    if not durable <= len(manifest.parts) <= durable + 1:
        faults.append(f"{len(manifest.parts)} parts are there, {durable} were acknowledged")
    if any(part.kind is PartKind.MEDIA for part in manifest.parts):
        frames = decoded(movie)
        if frames["h264"] * 1000 // FRAME_RATE != manifest.duration_ms or not frames["aac"]:
            faults.append(f"{frames} were decoded of {manifest.duration_ms} ms")
    return faults

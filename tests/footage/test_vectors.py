"""Opens every vector of `tests/vectors` with the functions that the product uses, and nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest

from footage.age import parse_identity
from footage.directory import Directory, read_directory
from footage.errors import FootageError
from footage.film import verify_film
from footage.receipt import read_receipt
from tests.footage.builders import FilmFolder, sha256

VECTORS = Path(__file__).parents[1] / "vectors"
DESCRIPTION: dict[str, Any] = json.loads((VECTORS / "vectors.json").read_text())

# What the broken ones must show, whatever else is added.
NEEDED_CODES = {
    "part-truncated",
    "part-misplaced",
    "part-missing",
    "part-foreign",
    "wrong-film-key",
    "film-key-missing",
    "manifest-forged",
    "manifest-missing",
    "message-malformed",
    "wrong-film",
    "directory-rolled-back",
    "directory-forged",
    "kit-unknown",
    "mixed-recipients",
    "no-recipients",
    "no-identity-matched",
}


@pytest.mark.parametrize("vector", DESCRIPTION["vectors"], ids=lambda vector: vector["name"])
def test_vector(vector: dict[str, Any]) -> None:
    try:
        outcome = contents(vector)
    except FootageError as error:
        outcome = {"error": error.code}
    assert outcome == vector["expected"]


def test_all_that_is_needed_is_there() -> None:
    expected = [vector["expected"] for vector in DESCRIPTION["vectors"]]
    assert {outcome["error"] for outcome in expected if "error" in outcome} >= NEEDED_CODES
    assert {outcome["ended"] for outcome in expected if "error" not in outcome} == {"stopped", "interrupted"}
    names = [vector["name"] for vector in DESCRIPTION["vectors"]]
    assert len(set(names)) == len(names)


def test_every_file_is_used_and_all_are_small() -> None:
    folders = {vector["folder"] for vector in DESCRIPTION["vectors"]}
    assert {f"films/{folder.name}" for folder in (VECTORS / "films").iterdir()} == folders
    directories = {vector[field] for vector in DESCRIPTION["vectors"] for field in ("directory", "accepted_directory")}
    assert {f"directories/{file.name}" for file in (VECTORS / "directories").iterdir()} == directories - {None}
    files = [file for folder in ("films", "directories") for file in (VECTORS / folder).rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) < 300_000


def directory_of(vector: dict[str, Any]) -> Directory:
    def read(name: str, accepted: Directory | None) -> Directory:
        return read_directory((VECTORS / name).read_text("ascii"), vector["root"], accepted=accepted)

    accepted = read(vector["accepted_directory"], None) if vector["accepted_directory"] else None
    return read(vector["directory"], accepted)


def contents(vector: dict[str, Any]) -> dict[str, Any]:
    directory = directory_of(vector)
    folder = FilmFolder(VECTORS / vector["folder"])
    film = verify_film(vector["film"], folder, directory)
    identity = parse_identity(DESCRIPTION["identities"][vector["identity"]])
    parts = [
        {
            "number": entry.number,
            "kind": entry.kind,
            "duration_ms": entry.duration_ms,
            "opened_size": len(plaintext),
            "opened_sha256": sha256(plaintext),
        }
        for entry, plaintext in film.opened_parts([identity])
    ]
    manifest, receipt = folder.manifest(), folder.folder / "receipt.jws"
    assert manifest is not None
    if receipt.exists():
        read = read_receipt(receipt.read_text("ascii"), directory, film=vector["film"], manifest=manifest.decode())
        assert (read.parts, read.bytes) == (len(parts), film.manifest.size)
    return {
        "ended": film.manifest.ended,
        "kind": film.manifest.opening.kind,
        "duration_ms": film.manifest.duration_ms,
        "parts": parts,
        "receipt": receipt.exists(),
    }

"""The worked example of `docs/sealed-footage.md` follows from its own bytes, by the code and by an independent tool."""

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from footage import jws
from footage.age import HybridIdentity, open_file
from footage.directory import read_directory
from footage.film_key import open_film_key
from footage.jws import MessageType
from footage.keys import PublicJwk, from_jwk, thumbprint
from footage.manifest import read_manifest
from footage.messages import decode
from footage.notes import Note, NoteEvent, decode_note
from footage.parts import media_padding
from footage.receipt import read_receipt
from tests.footage.test_age_interop import HYBRID_SINCE
from tests.interop.peers import stock_age_version, typage_command
from tests.vectors.worked_example import DOCUMENT, FOLDER, HERE, blocks, documented

TEXT = DOCUMENT.read_text()
EXAMPLE = documented(TEXT)
RECOVERY = HybridIdentity.parse(EXAMPLE["recovery identity"])
MANIFEST = json.loads(EXAMPLE["manifest.jws payload"])
DIRECTORY = read_directory((HERE / "directories" / "version-2.jws").read_text(), EXAMPLE["root"])


def bytes_of(name: str) -> bytes:
    return base64.b64decode(EXAMPLE[name])


def test_the_document_shows_the_vectors_bytes() -> None:
    assert blocks() == EXAMPLE


def test_directory() -> None:
    header = json.loads(EXAMPLE["directory.jws header"])
    assert thumbprint(from_jwk(PublicJwk(**header["jwk"]))) == EXAMPLE["root"] == header["kid"]


def test_manifest() -> None:
    token = (FOLDER / "manifest.jws").read_text()
    assert json.loads(jws.unverified_payload(MessageType.MANIFEST, token)) == MANIFEST
    manifest = read_manifest(token, DIRECTORY)
    assert manifest.opening.film == MANIFEST["opening"]["film"]
    signer = thumbprint(from_jwk(DIRECTORY.kit(manifest.opening.kit).key))
    assert json.loads(EXAMPLE["manifest.jws header"])["kid"] == signer


def test_film_key() -> None:
    sealed = bytes_of("film.key")
    opening = MANIFEST["opening"]
    assert hashlib.sha256(sealed).hexdigest() == opening["film_key"]
    assert open_file(sealed, [RECOVERY]).decode() == EXAMPLE["film.key opened"] + "\n"
    identity = open_film_key(sealed, opening["film"], opening["recipient"], [RECOVERY])
    assert EXAMPLE["film.key opened"].endswith("\n" + identity.text)


def test_parts() -> None:
    film = HybridIdentity.parse(EXAMPLE["film.key opened"].split("\n")[1])
    sealed = bytes_of("parts/00000")
    assert hashlib.sha256(sealed).hexdigest() == MANIFEST["parts"][0]["sha256"]
    assert open_file(sealed, [film]) == bytes.fromhex(EXAMPLE["parts/00000 opened"])
    media = bytes.fromhex(EXAMPLE["parts/00001 opened"])
    boxes = b"\0\0\0\x08moof" + b"\0\0\0\x18mdat" + b"the first second"
    assert media == boxes + media_padding(len(boxes), 512)
    assert decode_note(EXAMPLE["parts/00002 opened"].encode()) == Note(1, NoteEvent.MOMENT, 1250)


def test_receipt() -> None:
    manifest = (FOLDER / "manifest.jws").read_text()
    receipt = read_receipt(EXAMPLE["receipt.jws"], DIRECTORY, film=MANIFEST["opening"]["film"], manifest=manifest)
    assert decode(type(receipt), EXAMPLE["receipt.jws payload"].encode()) == receipt
    assert receipt.manifest == hashlib.sha256(manifest.encode()).hexdigest()


def test_the_disaster_recipe_needs_none_of_our_software(tmp_path: Path) -> None:
    """Runs the document's shell lines, with stock age where it is new enough, else with typage under age's name."""
    recipe = re.search(r"^```sh\n(age --decrypt --identity recovery.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    assert recipe
    shutil.copytree(FOLDER, tmp_path / "film")
    (tmp_path / "film" / "recovery.txt").write_text(f"# recovery identity\n{RECOVERY.text}\n")
    path = os.environ["PATH"]
    if stock_age_version() < HYBRID_SINCE:
        path = f"{typage_as_age(tmp_path)}:{path}"
    subprocess.run(["sh", "-eu", "-c", recipe[1]], cwd=tmp_path / "film", env={"PATH": path}, check=True)
    movie = (tmp_path / "film" / "film.mp4").read_bytes()
    opened = [bytes.fromhex(EXAMPLE[f"parts/{number} opened"]) for number in ("00000", "00001")]
    assert movie.startswith(b"".join(opened))
    assert b"mdatthe second second" in movie
    assert b'"event"' not in movie
    assert len(movie) == 24 + 512 + 512


def typage_as_age(folder: Path) -> Path:
    """A program `age` that takes `--decrypt --identity FILE INPUT` and leaves the work to typage."""
    program = folder / "bin" / "age"
    program.parent.mkdir()
    open_with = " ".join(f"'{word}'" for word in typage_command("open"))
    program.write_text(f'#!/bin/sh\nexec {open_with} "$(grep ^AGE- "$3")" < "$4"\n')
    program.chmod(0o755)
    return program.parent


@pytest.mark.parametrize("name", ["recovery identity", "film.key opened"])
def test_the_keys_of_the_example_are_marked_as_such(name: str) -> None:
    before = TEXT.split("## Worked example")[1].split(EXAMPLE[name])[0]
    assert "Its keys are for tests only" in before

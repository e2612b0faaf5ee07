"""The worked example of `docs/sealed-footage.md`: its code blocks are the bytes of `films/golden-stopped`.

A block of the example has a name in its info string (```text recovery identity). `blocks` is what must stand in each.
"""

import base64
import json
import re
import textwrap
from pathlib import Path

from footage import jws
from footage.age import HybridIdentity, open_file
from footage.jws import MessageType

HERE = Path(__file__).parent
DOCUMENT = HERE.parents[1] / "docs" / "sealed-footage.md"
FOLDER = HERE / "films" / "golden-stopped"
_BLOCK = re.compile(r"^```(\w+) ([^\n]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks() -> dict[str, str]:
    """Return the text of each block of the example, by name, as the vectors have it."""
    description = json.loads((HERE / "vectors.json").read_text())
    recovery = HybridIdentity.parse(description["identities"]["recovery"])
    sealed_key, init = (FOLDER / "film.key").read_bytes(), (FOLDER / "parts" / "00000").read_bytes()
    film_key = open_file(sealed_key, [recovery])
    film = HybridIdentity.parse(film_key.decode().split("\n")[1])
    manifest, receipt = (FOLDER / "manifest.jws").read_text(), (FOLDER / "receipt.jws").read_text()
    directory = (HERE / "directories" / "version-2.jws").read_text()
    return {
        "recovery identity": recovery.text,
        "root": description["vectors"][0]["root"],
        "film.key": encoded(sealed_key),
        "film.key opened": film_key.decode().rstrip("\n"),
        "parts/00000": encoded(init),
        "parts/00000 opened": hexadecimal(open_file(init, [film])),
        "parts/00001 opened": hexadecimal(open_file((FOLDER / "parts" / "00001").read_bytes(), [film])),
        "parts/00002 opened": open_file((FOLDER / "parts" / "00002").read_bytes(), [film]).decode().rstrip(" "),
        "directory.jws header": indented(base64.urlsafe_b64decode(directory.split(".")[0] + "==")),
        "manifest.jws header": indented(base64.urlsafe_b64decode(manifest.split(".")[0] + "==")),
        "manifest.jws payload": indented(jws.unverified_payload(MessageType.MANIFEST, manifest)),
        "receipt.jws": receipt,
        "receipt.jws payload": indented(jws.unverified_payload(MessageType.RECEIPT, receipt)),
    }


def documented(document: str) -> dict[str, str]:
    """Return the named blocks of the document."""
    return {name: text.rstrip("\n") for _, name, text in _BLOCK.findall(document)}


def write_example() -> None:
    """Put the vectors' bytes into the document's named blocks."""
    wanted = blocks()
    document = _BLOCK.sub(lambda match: f"```{match[1]} {match[2]}\n{wanted[match[2]]}\n```", DOCUMENT.read_text())
    DOCUMENT.write_text(document)


def encoded(data: bytes) -> str:
    """Base64 in lines of 100."""
    return "\n".join(textwrap.wrap(base64.b64encode(data).decode(), 100))


def hexadecimal(data: bytes) -> str:
    """As `xxd -p -c 32` prints it."""
    return "\n".join(data[start : start + 32].hex() for start in range(0, len(data), 32))


def indented(data: bytes) -> str:
    """JSON with one field a line."""
    return json.dumps(json.loads(data), indent=2)

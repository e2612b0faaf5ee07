"""What we seal, others open, and the other way round: typage, stock `age`, pyrage."""

from pathlib import Path

import pyrage
import pytest

from footage.age import HybridIdentity, Identity, Sealer, X25519Identity, open_file
from footage.age.stream import CHUNK_SIZE
from tests.interop.peers import stock_age_open, stock_age_seal, stock_age_version, typage_open, typage_seal

SIZES = (0, 1, CHUNK_SIZE - 1, CHUNK_SIZE, CHUNK_SIZE + 1, 2**20)
KINDS: tuple[type[Identity], ...] = (HybridIdentity, X25519Identity)
HYBRID_SINCE = (1, 3)

sizes = pytest.mark.parametrize("size", SIZES)
kinds = pytest.mark.parametrize("kind", KINDS)


@sizes
@kinds
def test_typage_opens_ours(kind: type[Identity], size: int) -> None:
    identity = kind.generate()
    assert typage_open(bytes(seal(identity, plaintext(size))), identity.text) == plaintext(size)


@sizes
@kinds
def test_we_open_typages(kind: type[Identity], size: int) -> None:
    identity = kind.generate()
    assert open_file(typage_seal(plaintext(size), identity.recipient.text), [identity]) == plaintext(size)


@sizes
@kinds
def test_stock_age_opens_ours(kind: type[Identity], size: int, tmp_path: Path) -> None:
    need_stock_age(kind)
    identity = kind.generate()
    identity_file = tmp_path / "identity.txt"
    identity_file.write_text(f"# a comment\n{identity.text}\n")
    assert stock_age_open(bytes(seal(identity, plaintext(size))), identity_file) == plaintext(size)


@sizes
@kinds
def test_we_open_stock_ages(kind: type[Identity], size: int) -> None:
    need_stock_age(kind)
    identity = kind.generate()
    assert open_file(stock_age_seal(plaintext(size), identity.recipient.text), [identity]) == plaintext(size)


@sizes
def test_pyrage_opens_ours(size: int) -> None:
    identity = X25519Identity.generate()
    peer = pyrage.x25519.Identity.from_str(identity.text)
    assert pyrage.decrypt(bytes(seal(identity, plaintext(size))), [peer]) == plaintext(size)


@sizes
def test_we_open_pyrages(size: int) -> None:
    peer = pyrage.x25519.Identity.generate()
    sealed = pyrage.encrypt(plaintext(size), [peer.to_public()])
    assert open_file(sealed, [X25519Identity.parse(str(peer))]) == plaintext(size)


def seal(identity: Identity, data: bytes) -> bytearray:
    return Sealer([identity.recipient]).seal(data)


def plaintext(size: int) -> bytes:
    return bytes(range(256)) * (size // 256) + bytes(size % 256)


def need_stock_age(kind: type[Identity]) -> None:
    version = stock_age_version()
    if not version:
        pytest.skip("there is no `age` on PATH. Install age 1.3 or later (Debian: apt-get install age).")
    if kind is HybridIdentity and version < HYBRID_SINCE:
        found = ".".join(map(str, version))
        pytest.skip(f"age {found} knows no post-quantum recipients. Put age 1.3 or later on PATH.")

import os
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footage.age import (
    HybridIdentity,
    HybridRecipient,
    Identity,
    Sealer,
    X25519Identity,
    X25519Recipient,
    bech32,
    open_chunks,
    open_file,
    parse_identity,
    parse_recipient,
)
from footage.age.header import Stanza, encode_header
from footage.age.stream import seal_payload
from footage.errors import (
    AgeError,
    FootageError,
    HeaderInvalid,
    InvalidIdentity,
    InvalidRecipient,
    MixedRecipients,
    NoIdentityMatched,
    NoRecipients,
    PassphraseFile,
)

HYBRID, CLASSIC = HybridIdentity.generate(), X25519Identity.generate()
kinds = pytest.mark.parametrize("identity", [HYBRID, CLASSIC], ids=["hybrid", "x25519"])


@kinds
@given(plaintext=st.binary(max_size=2000))
def test_round_trip(identity: Identity, plaintext: bytes) -> None:
    assert open_file(seal([identity], plaintext), [identity]) == plaintext


@kinds
def test_each_of_several_recipients_opens(identity: Identity) -> None:
    others: list[Identity] = [type(identity).generate() for _ in range(2)]
    sealed = seal([*others, identity], b"x")
    for reader in (*others, identity):
        assert open_file(sealed, [type(identity).generate(), reader]) == b"x"


@kinds
def test_others_do_not_open(identity: Identity) -> None:
    sealed = seal([identity], b"x")
    strangers: list[Identity] = [HybridIdentity.generate(), X25519Identity.generate()]
    for others in ([], strangers):
        with pytest.raises(NoIdentityMatched):
            open_file(sealed, others)


@kinds
def test_every_flipped_byte_is_refused(identity: Identity) -> None:
    sealed = seal([identity], b"thirty-two bytes of a small film")
    for place in range(len(sealed)):
        flipped = bytearray(sealed)
        flipped[place] ^= 1 << place % 8
        with pytest.raises(AgeError):
            open_file(memoryview(flipped), [identity])


@kinds
def test_every_cut_and_every_extension_is_refused(identity: Identity) -> None:
    sealed = seal([identity], b"thirty-two bytes of a small film")
    for size in range(len(sealed)):
        with pytest.raises(AgeError):
            open_file(sealed[:size], [identity])
    for more in (b"\0", b"\n", sealed):
        with pytest.raises(AgeError):
            open_file(sealed + more, [identity])


@given(st.binary())
def test_garbage_raises_nothing_but_our_errors(data: bytes) -> None:
    with pytest.raises(FootageError):
        list(open_chunks(data, [HYBRID, CLASSIC]))


@given(
    st.text() | st.text().map(lambda text: "age1pq1" + text) | st.binary().map(lambda data: bech32.encode("age", data))
)
def test_garbage_is_no_recipient_and_no_identity(text: str) -> None:
    with pytest.raises(InvalidIdentity):
        parse_identity(text)
    try:
        parse_recipient(text)
    except InvalidRecipient:
        return
    assert len(bech32.decode(text)[1]) == 32


@kinds
def test_texts_round_trip(identity: Identity) -> None:
    assert parse_identity(identity.text).recipient.text == identity.recipient.text
    assert parse_recipient(identity.recipient.text) == identity.recipient


@kinds
def test_wrong_case_and_wrong_kind_are_refused(identity: Identity) -> None:
    with pytest.raises(InvalidIdentity):
        parse_identity(identity.text.lower())
    with pytest.raises(InvalidRecipient):
        parse_recipient(identity.recipient.text.upper())
    with pytest.raises(InvalidRecipient):
        parse_recipient(identity.text)
    with pytest.raises(InvalidIdentity):
        parse_identity(identity.recipient.text)


def test_the_kinds_do_not_take_each_other() -> None:
    for parse in (HybridRecipient.parse, HybridIdentity.parse):
        with pytest.raises((InvalidRecipient, InvalidIdentity), match="post-quantum"):
            parse(CLASSIC.recipient.text if parse == HybridRecipient.parse else CLASSIC.text)
    with pytest.raises(InvalidRecipient, match="X25519"):
        X25519Recipient.parse(HYBRID.recipient.text)
    with pytest.raises(InvalidIdentity, match="X25519"):
        X25519Identity.parse(HYBRID.text)


def test_recipients_of_low_order_are_refused() -> None:
    mlkem = bech32.decode(HYBRID.recipient.text)[1][:-32]
    for text in (bech32.encode("age", bytes(32)), bech32.encode("age1pq", mlkem + bytes(32))):
        with pytest.raises(InvalidRecipient, match="protects nothing"):
            parse_recipient(text)


def test_a_recipient_without_a_valid_mlkem_key_is_refused() -> None:
    with pytest.raises(InvalidRecipient, match="ML-KEM"):
        parse_recipient(bech32.encode("age1pq", b"\xff" * 1216))


def test_nobody() -> None:
    with pytest.raises(NoRecipients, match="directory"):
        Sealer([])


def test_mixed_kinds() -> None:
    with pytest.raises(MixedRecipients):
        Sealer([HYBRID.recipient, CLASSIC.recipient])


def test_a_passphrase_beside_recipients_is_still_refused() -> None:
    file_key = os.urandom(16)
    stanzas = [HYBRID.recipient.wrap(file_key), Stanza("scrypt", ("salt", "18"), bytes(32))]
    sealed = bytes(seal_payload(file_key, encode_header(stanzas, file_key), b"x"))
    with pytest.raises(PassphraseFile):
        open_file(sealed, [HYBRID])


@kinds
def test_a_file_key_of_another_size_is_refused(identity: Identity) -> None:
    file_key = os.urandom(17)
    sealed = bytes(seal_payload(file_key, encode_header([identity.recipient.wrap(file_key)], file_key), b"x"))
    with pytest.raises(HeaderInvalid):
        open_file(sealed, [identity])


@kinds
def test_nothing_prints_an_identity(identity: Identity) -> None:
    assert identity.text not in f"{identity!r} {identity}"
    for wrong in (identity.text[:-1], identity.text + "Q", identity.text.lower()):
        with pytest.raises(InvalidIdentity) as raised:
            parse_identity(wrong)
        assert identity.text[-20:-1].lower() not in str(raised.value).lower()


def seal(readers: Sequence[Identity], plaintext: bytes) -> bytes:
    return bytes(Sealer([reader.recipient for reader in readers]).seal(plaintext))

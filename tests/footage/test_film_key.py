import subprocess
import sys
import uuid
from typing import Any

import pytest

from footage import film_key
from footage.age import HybridIdentity, Sealer, X25519Identity, bech32, open_file
from footage.errors import InvalidRecipient, MixedRecipients, NoIdentityMatched, NoRecipients, WrongFilmKey
from footage.film_key import FilmKeyFailed, film_sealer, make_film_key, open_film_key, seal_film_key

FILM = str(uuid.uuid4())
RECOVERY = HybridIdentity.generate()
STAFF = HybridIdentity.generate()
RECIPIENTS = [RECOVERY.recipient.text, STAFF.recipient.text]


@pytest.mark.parametrize("reader", [RECOVERY, STAFF], ids=["recovery", "staff"])
def test_each_recipient_gets_the_film_identity(reader: HybridIdentity) -> None:
    made = make_film_key(FILM, RECIPIENTS)
    identity = open_film_key(made.sealed, FILM, made.recipient.text, [reader])
    assert identity.recipient == made.recipient
    sealed_part = bytes(Sealer([made.recipient]).seal(b"a part"))
    assert open_file(sealed_part, [identity]) == b"a part"
    with pytest.raises(NoIdentityMatched):
        open_file(sealed_part, [reader])


def test_plaintext_is_an_identity_file_of_the_stock_tool() -> None:
    made = make_film_key(FILM, RECIPIENTS)
    comment, identity, end = open_file(made.sealed, [RECOVERY]).decode().split("\n")
    assert comment == f"# film: {FILM}"
    assert HybridIdentity.parse(identity).recipient == made.recipient
    assert end == ""


def test_the_identity_is_made_in_a_child_and_stays_there(monkeypatch: pytest.MonkeyPatch) -> None:
    children: list[tuple[list[str], subprocess.CompletedProcess[bytes]]] = []
    run = subprocess.run

    def record(command: list[str], **options: Any) -> subprocess.CompletedProcess[bytes]:
        child: subprocess.CompletedProcess[bytes] = run(command, **options)
        children.append((command, child))
        return child

    def refuse() -> HybridIdentity:
        raise AssertionError("an identity was made in the parent")

    monkeypatch.setattr(subprocess, "run", record)
    monkeypatch.setattr(HybridIdentity, "generate", refuse)
    made = make_film_key(FILM, RECIPIENTS)

    ((command, child),) = children
    assert command == [sys.executable, "-m", "footage.film_key"]
    assert child.stdout == made.recipient.text.encode() + b"\n" + made.sealed
    assert child.stderr == b""
    identity = open_film_key(made.sealed, FILM, made.recipient.text, [RECOVERY])
    seed = bech32.decode(identity.text)[1]
    for secret in (identity.text.encode(), identity.text.lower().encode(), seed, seed.hex().encode()):
        assert secret not in child.stdout
        assert secret not in repr(made).encode()


def test_two_films_have_two_identities() -> None:
    assert make_film_key(FILM, RECIPIENTS).recipient != make_film_key(FILM, RECIPIENTS).recipient


CLASSIC = X25519Identity.generate().recipient.text


@pytest.mark.parametrize(
    ("recipients", "error"),
    [
        ([], NoRecipients),
        ([CLASSIC], MixedRecipients),  # the film's own recipient is post-quantum
        ([*RECIPIENTS, CLASSIC], MixedRecipients),
        ([CLASSIC, *RECIPIENTS], MixedRecipients),
        ([RECIPIENTS[0][:-1]], InvalidRecipient),
        (["age1pq1"], InvalidRecipient),
        (["somebody"], MixedRecipients),
    ],
)
def test_recipients_are_refused_by_name_before_any_child(
    recipients: list[str], error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere")
    for refuse in (film_sealer, lambda texts: make_film_key(FILM, texts)):
        with pytest.raises(error):
            refuse(recipients)


@pytest.mark.parametrize("executable", ["/bin/false", "/nowhere"])
def test_a_child_that_fails_has_a_name(executable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", executable)
    with pytest.raises(FilmKeyFailed, match="Restart the kit"):
        make_film_key(FILM, RECIPIENTS)


def test_a_child_that_hangs_has_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(film_key, "_CHILD_SECONDS", 0.01)
    with pytest.raises(FilmKeyFailed, match="TimeoutExpired"):
        make_film_key(FILM, RECIPIENTS)


FILM_IDENTITY = HybridIdentity.generate()
OTHER_IDENTITY = HybridIdentity.generate()


@pytest.mark.parametrize(
    ("plaintext", "message"),
    [
        (f"# film: {uuid.uuid4()}\n{FILM_IDENTITY.text}\n", "another film"),
        (f"{FILM_IDENTITY.text}\n", "another film"),
        ("", "another film"),
        ("\xff\xfe", "another film"),
        (f"# film: {FILM}", "no identity"),
        (f"# film: {FILM}\nAGE-SECRET-KEY-PQ-1\n", "no identity"),
        (f"# film: {FILM}\n{X25519Identity.generate().text}\n", "no identity"),
        (f"# film: {FILM}\n{FILM_IDENTITY.text}\n{OTHER_IDENTITY.text}\n", "no identity"),
        (f"# film: {FILM}\n{OTHER_IDENTITY.text}\n", "another identity"),
    ],
    ids=["named otherwise", "no comment", "empty", "binary", "comment only", "cut short", "classic", "two", "another"],
)
def test_a_film_key_of_another_film_is_refused(plaintext: str, message: str) -> None:
    sealed = bytes(Sealer([RECOVERY.recipient]).seal(plaintext.encode("latin-1")))
    with pytest.raises(WrongFilmKey, match=message):
        open_film_key(sealed, FILM, FILM_IDENTITY.recipient.text, [RECOVERY])


def test_sealing_again_for_others_shares_a_film() -> None:
    colleague = HybridIdentity.generate()
    again = seal_film_key(FILM, FILM_IDENTITY, film_sealer([colleague.recipient.text]))
    assert open_film_key(again, FILM, FILM_IDENTITY.recipient.text, [colleague]).text == FILM_IDENTITY.text
    with pytest.raises(NoIdentityMatched):
        open_film_key(again, FILM, FILM_IDENTITY.recipient.text, [RECOVERY])

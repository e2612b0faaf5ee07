"""Each way of tampering with a trail, done to a real database, and found."""

from collections.abc import Callable

import pytest

from companion_api.audit.heads import HeadRefused, sign_head, signed_heads
from companion_api.audit.trail import append, entries
from companion_api.audit.verification import TrailBroken, WholeTrail, verify_trail
from companion_api.service import Exit, NotStarted
from footage.keys import new_key
from footage.messages import encode
from tests.companion_api.builders import Service
from tests.companion_api.command_line import run_command

DROP = ("DROP TRIGGER audit_update", "DROP TRIGGER audit_delete")


def _append(service: Service, count: int) -> None:
    with service.archive.database.writing() as connection:
        for number in range(count):
            append(connection, service.archive.timestamp(), "operator", "counted", f"film:{number}", number=number)


def _verified(service: Service) -> WholeTrail:
    return verify_trail(service.archive, service.agency.verified_directory())


def _tamper(service: Service, *statements: str) -> None:
    """Change the trail as somebody would who has the database."""
    with service.archive.database.writing() as connection:
        for statement in (*DROP, *statements):
            connection.exec_driver_sql(statement)


def _rewrite(service: Service, upto: int) -> None:
    """Write a trail anew that is whole in itself."""
    with service.archive.database.writing() as connection:
        for statement in (*DROP, "DELETE FROM audit"):
            connection.exec_driver_sql(statement)
        for number in range(upto):
            append(connection, service.archive.timestamp(), "operator", "invented", f"film:{number}")


def test_a_trail_that_nobody_touched_is_whole(service: Service) -> None:
    assert _verified(service) == WholeTrail(None, None)
    _append(service, 5)
    whole = _verified(service)
    assert whole.count == 5
    assert whole.signed is None


@pytest.mark.parametrize(
    ("statement", "number", "said"),
    [
        ("UPDATE audit SET actor = 'service' WHERE number = 2", 2, "was changed"),
        ("UPDATE audit SET detail = '{}' WHERE number = 0", 0, "was changed"),
        ("UPDATE audit SET detail = '{' WHERE number = 3", 3, "can't be read"),
        ("UPDATE audit SET hash = previous WHERE number = 1", 1, "was changed"),
        ("DELETE FROM audit WHERE number = 2", 2, "is lacking"),
        ("DELETE FROM audit WHERE number = 0", 0, "is lacking"),
        ("UPDATE audit SET number = number + 1 WHERE number > 2", 3, "is lacking"),
    ],
)
def test_a_changed_or_removed_entry_is_named(service: Service, statement: str, number: int, said: str) -> None:
    _append(service, 5)
    if "number + 1" in statement:  # SQLite checks the key row by row
        _tamper(service, "UPDATE audit SET number = -number - 2 WHERE number > 2",
                "UPDATE audit SET number = -number WHERE number < 0")  # fmt: skip
    else:
        _tamper(service, statement)
    with pytest.raises(TrailBroken, match=said) as broken:
        _verified(service)
    assert broken.value.number == number


def test_an_entry_whose_hash_was_made_anew_breaks_the_next(service: Service) -> None:
    _append(service, 5)
    with service.archive.database.reading() as connection:
        (changed,) = [entry for entry in entries(connection) if entry.number == 2]
    forged = type(changed)(**{**{f: getattr(changed, f) for f in changed.__struct_fields__}, "actor": "x", "hash": ""})
    _tamper(service, f"UPDATE audit SET actor = 'x', hash = '{forged.computed_hash()}' WHERE number = 2")
    with pytest.raises(TrailBroken, match="does not follow") as broken:
        _verified(service)
    assert broken.value.number == 3


def test_a_head_is_signed_once_a_day_in_store_and_trail(service: Service) -> None:
    key = service.agency.receipt_key
    assert sign_head(service.archive, key) is None, "there is nothing to sign"
    _append(service, 3)
    first = sign_head(service.archive, key)
    _append(service, 1)
    assert sign_head(service.archive, key) == first
    service.clock.forward(days=1)
    second = sign_head(service.archive, key)
    assert second != first
    assert list(service.store.list("audit")) == ["audit/heads/2026-11-20.jws", "audit/heads/2026-11-21.jws"]
    heads = list(signed_heads(service.store, service.agency.verified_directory()))
    assert [head.number for head in heads] == [2, 4]
    whole = _verified(service)
    assert whole.signed == heads[1]
    with service.archive.database.reading() as connection:
        told = [entry.detail["jws"].encode() for entry in entries(connection, subject="audit")]
    assert told == [first, second]


def test_a_crash_between_trail_and_store_is_mended_by_the_next_call(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    _append(service, 2)
    with monkeypatch.context() as patched:
        patched.setattr(type(service.store), "put", _power_cut)
        with pytest.raises(InterruptedError):
            sign_head(service.archive, service.agency.receipt_key)
    assert sign_head(service.archive, service.agency.receipt_key) is not None
    whole = _verified(service)
    assert whole.count == 4
    assert whole.signed is not None
    assert whole.signed.number == 2


def _power_cut(*_: object) -> None:
    raise InterruptedError


def test_a_trail_whose_end_was_cut_off_is_found(service: Service) -> None:
    _append(service, 5)
    sign_head(service.archive, service.agency.receipt_key)
    _tamper(service, "DELETE FROM audit WHERE number > 2")
    with pytest.raises(TrailBroken, match="ends before entry 4") as broken:
        _verified(service)
    assert broken.value.number == 3


@pytest.mark.parametrize("count", [5, 6, 20])
def test_a_trail_that_was_written_anew_is_found(service: Service, count: int) -> None:
    _append(service, 5)
    sign_head(service.archive, service.agency.receipt_key)
    _rewrite(service, count)
    with pytest.raises(TrailBroken, match="written anew") as broken:
        _verified(service)
    assert broken.value.number == 4


def test_what_came_after_the_last_head_can_be_cut_off_unseen(service: Service) -> None:
    """The limit that the documents tell of: hence the head every day, and the export."""
    _append(service, 5)
    sign_head(service.archive, service.agency.receipt_key)
    _append(service, 5)
    _tamper(service, "DELETE FROM audit WHERE number > 5")
    assert _verified(service).count == 6


@pytest.mark.parametrize(
    ("forge", "said"),
    [
        (lambda service, token: token[:-4] + b"AAAA", "signature"),
        (lambda service, token: service.store.get("directory.jws") or b"", "type or algorithm"),
        (lambda service, token: b"", "no JWS"),
    ],
)
def test_a_forged_head_is_named(service: Service, forge: Callable[[Service, bytes], bytes], said: str) -> None:
    _append(service, 2)
    token = sign_head(service.archive, service.agency.receipt_key)
    assert token is not None
    service.store.replace("audit/heads/2026-11-20.jws", forge(service, token))
    with pytest.raises(HeadRefused, match=f"heads/2026-11-20.*{said}"):
        _verified(service)


def test_a_head_signed_by_a_foreign_key_is_named_also_in_the_trail(service: Service) -> None:
    _append(service, 2)
    sign_head(service.archive, new_key())
    with pytest.raises(HeadRefused, match="does not list"):
        _verified(service)
    service.store.delete(["audit/heads/2026-11-20.jws"])
    with pytest.raises(HeadRefused, match=r"entry 2: .*does not list"):
        _verified(service)


def test_the_command_tells_of_a_whole_and_of_a_broken_trail(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    _append(service, 3)
    run_command(service, "audit", "verify")
    assert "whole: 3 entries" in (said := capsys.readouterr().out)
    assert "no head was signed yet" in said
    run_command(service, "audit", "sign-head")
    run_command(service, "audit", "verify")
    assert "signed up to entry 2" in capsys.readouterr().out
    _tamper(service, "UPDATE audit SET actor = 'service' WHERE number = 1")
    with pytest.raises(NotStarted, match="Entry 1 was changed") as refused:
        run_command(service, "audit", "verify")
    assert refused.value.exit_code == Exit.TRAIL_BROKEN


def test_entries_are_shown_by_film_and_day(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    _append(service, 3)
    service.clock.forward(days=1)
    _append(service, 2)
    run_command(service, "audit", "show", "--film", "1")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [["1", "2026-11-20T10:00:00Z"], ["4", "2026-11-21T10:00:00Z"]]
    assert lines[0].split()[2:] == ["operator", "counted", "film:1", "number=1"]
    run_command(service, "audit", "show", "--since", "2026-11-21", "--json")
    with service.archive.database.reading() as connection:
        expected = [encode(entry).decode() for entry in entries(connection, first=3)]
    assert capsys.readouterr().out.splitlines() == expected

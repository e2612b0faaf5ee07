"""Which PEM texts may be pinned, and when."""

from datetime import UTC, datetime, timedelta

import pytest

from footage.authority import MOST_CERTIFICATES, AuthorityExpired, AuthorityInvalid, check_valid, read_authority
from footage.keys import key_to_pem, new_key
from tests.certificates import Authority

NOW = datetime.now(UTC)


def test_certificates_are_taken_and_nothing_around_them() -> None:
    first, second = Authority("one"), Authority("two")
    key = key_to_pem(new_key()).decode()
    assert read_authority(f"ours:\n{first.pem}{key}{second.pem}bye\n".encode()) == first.pem + second.pem


@pytest.mark.parametrize("pem", [b"", b"hello", b"\xff", key_to_pem(new_key())], ids=["empty", "text", "bytes", "key"])
def test_what_is_no_certificate_is_refused(pem: bytes) -> None:
    with pytest.raises(AuthorityInvalid, match="BEGIN CERTIFICATE"):
        read_authority(pem)


def test_a_damaged_certificate_is_refused() -> None:
    lines = Authority().pem.splitlines()
    lines[2] = "A" * len(lines[2])
    with pytest.raises(AuthorityInvalid):
        read_authority("\n".join(lines).encode())


def test_a_whole_store_pins_nothing() -> None:
    many = "".join(Authority(f"authority {number}").pem for number in range(MOST_CERTIFICATES + 1))
    with pytest.raises(AuthorityInvalid, match="5 certificates"):
        read_authority(many.encode())


def test_one_valid_certificate_is_enough() -> None:
    check_valid(Authority(begins=-2, ends=-1).pem + Authority().pem, NOW)


@pytest.mark.parametrize(("begins", "ends"), [(-2, -1), (1, 2)])
def test_none_that_is_valid_now_is_refused(begins: int, ends: int) -> None:
    authority = Authority(begins=begins, ends=ends).pem
    with pytest.raises(AuthorityExpired, match="Look at this computer's clock"):
        check_valid(authority, NOW)
    check_valid(authority, NOW + timedelta(days=(begins + ends) / 2))

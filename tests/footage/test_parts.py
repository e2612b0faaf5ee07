import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footage.age import HybridIdentity, Sealer
from footage.errors import PartKindUnknown
from footage.parts import MAX_PART_SIZE, MEDIA_STEP, PartKind, PartName, media_padding


@pytest.mark.parametrize("remainder", range(64))
def test_padding_fills_every_remainder_with_one_free_box(remainder: int) -> None:
    for size in (remainder, 1024 + remainder):
        padding = media_padding(size, step=64)
        assert (size + len(padding)) % 64 == 0
        assert len(padding) < 64 + 8
        if padding:
            assert int.from_bytes(padding[:4], "big") == len(padding) >= 8
            assert padding[4:8] == b"free"
            assert not any(padding[8:])
        else:
            assert size % 64 == 0


@given(st.integers(0, 4 * MEDIA_STEP))
def test_padding_to_the_real_step(size: int) -> None:
    padding = media_padding(size)
    assert (size + len(padding)) % MEDIA_STEP == 0
    assert len(padding) in (0, *range(8, MEDIA_STEP + 8))


def test_the_largest_part_is_whole_steps_and_its_seal() -> None:
    overhead = len(Sealer([HybridIdentity.generate().recipient]).seal(b""))
    steps = (MAX_PART_SIZE - overhead) // (MEDIA_STEP + 16)
    assert steps == 31  # 31 chunks of 64 KiB fit with their tags; the 32nd would not


@given(st.integers(0, 10**9), st.sampled_from(PartKind), st.integers(0, 10**9))
def test_names_round_trip(number: int, kind: PartKind, duration_ms: int) -> None:
    part = PartName.of(number, kind, duration_ms, b"sealed")
    assert PartName.parse(str(part)) == part


def test_a_name_as_people_see_it() -> None:
    digest = hashlib.sha256(b"sealed").hexdigest()
    assert str(PartName.of(17, PartKind.MEDIA, 1000, b"sealed")) == f"00017.media.1000.{digest}.age"
    assert sorted([str(PartName.of(n, PartKind.MEDIA, 0, b"")) for n in (10, 9, 99999)])[0].startswith("00009")


HASH = "0" * 64


@pytest.mark.parametrize(
    "name",
    [
        "",
        "00001.media.0.age",  # without its hash
        f"00001.media.0.{HASH[:-1]}.age",
        f"00001.media.0.{'A' * 64}.age",
        "film.key",
        "00000.init.0",
        f"0000.init.0.{HASH}.age",
        f"000001.init.0.{HASH}.age",  # a superfluous zero
        f"00001.media.01000.{HASH}.age",
        f"00001.film.0.{HASH}.age",
        f"00001.MEDIA.0.{HASH}.age",
        f"00001.media.-1.{HASH}.age",
        f"00001.media..{HASH}.age",
        f"00001.media.0.{HASH}.age\n",
        f" 00001.media.0.{HASH}.age",
        f".new-00001.media.0.{HASH}.age",
        f"\u0660\u0660\u0660\u0660\u0661.media.0.{HASH}.age",  # digits, but not ours
        "9" * 5000 + f".media.0.{HASH}.age",
    ],
)
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(PartKindUnknown):
        PartName.parse(name)


@given(st.text() | st.from_regex(r"\d+\.[a-z]+\.\d+\.[0-9a-f]{64}\.age"))
def test_garbage(name: str) -> None:
    try:
        part = PartName.parse(name)
    except PartKindUnknown:
        return
    assert str(part) == name

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
    part = PartName(number, kind, duration_ms)
    assert PartName.parse(str(part)) == part


def test_a_name_as_people_see_it() -> None:
    assert str(PartName(17, PartKind.MEDIA, 1000)) == "00017.media.1000.age"
    assert sorted([str(PartName(n, PartKind.MEDIA, 0)) for n in (10, 9, 99999)])[0].startswith("00009")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "film.key",
        "00000.init.0",
        "0000.init.0.age",
        "000001.init.0.age",  # a superfluous zero
        "00001.media.01000.age",
        "00001.film.0.age",
        "00001.MEDIA.0.age",
        "00001.media.-1.age",
        "00001.media..age",
        "00001.media.0.age\n",
        " 00001.media.0.age",
        ".new-00001.media.0.age",
        "\u0660\u0660\u0660\u0660\u0661.media.0.age",  # digits, but not ours
        "9" * 5000 + ".media.0.age",
    ],
)
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(PartKindUnknown):
        PartName.parse(name)


@given(st.text() | st.from_regex(r"\d+\.[a-z]+\.\d+\.age"))
def test_garbage(name: str) -> None:
    try:
        part = PartName.parse(name)
    except PartKindUnknown:
        return
    assert str(part) == name

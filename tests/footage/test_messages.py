"""Times, names and hashes have one form each; `test_manifest` and its like show that the messages use them."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footage.errors import MessageMalformed
from footage.messages import FilmId, KitId, Message, Sha256, Thumbprint, Timestamp, decode, encode


class Sample(Message, frozen=True):
    film: FilmId = "3f0c9a5e-1d2b-4c3d-8e4f-5a6b7c8d9e0f"
    kit: KitId = "kit-0001"
    sha256: Sha256 = "0" * 64
    thumbprint: Thumbprint = "A" * 43
    at: Timestamp = "2026-11-20T10:00:00Z"


def test_round_trip_keeps_the_order_of_fields() -> None:
    assert list(msgspec.json.decode(encode(Sample()))) == ["film", "kit", "sha256", "thumbprint", "at"]
    assert decode(Sample, encode(Sample())) == Sample()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("film", "3F0C9A5E-1D2B-4C3D-8E4F-5A6B7C8D9E0F"),
        ("film", "3f0c9a5e1d2b4c3d8e4f5a6b7c8d9e0f"),
        ("film", "../../etc/passwd"),
        ("film", "3f0c9a5e-1d2b-4c3d-7e4f-5a6b7c8d9e0f"),  # another variant
        ("kit", ""),
        ("kit", "-kit"),
        ("kit", "kit/1"),
        ("kit", "kit\n"),
        ("kit", "k" * 64),
        ("sha256", "0" * 63),
        ("sha256", "0" * 65),
        ("sha256", "F" * 64),
        ("thumbprint", "A" * 42 + "="),
        ("at", "2026-11-20T10:00:00+00:00"),
        ("at", "2026-11-20T10:00:00.5Z"),
        ("at", "2026-11-20"),
        ("at", 1795168800),
        ("at", None),
    ],
)
def test_other_forms_are_refused_and_the_field_is_named(field: str, value: object) -> None:
    with pytest.raises(MessageMalformed, match=field):
        decode(Sample, msgspec.json.encode({field: value}))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(["film", "kit", "at", "other"]), json_values, min_size=1))
def test_garbage(message: dict[str, Any]) -> None:
    with pytest.raises(MessageMalformed):
        decode(Sample, msgspec.json.encode(message))

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footage.byte_range import ByteRange
from footage.errors import MessageMalformed


def test_content_range_names_the_last_byte() -> None:
    assert str(ByteRange(0, 500, 1234)) == "bytes 0-499/1234"
    assert ByteRange.parse("bytes 500-1233/1234") == ByteRange(500, 1234, 1234)


@given(st.integers(1, 2**21), st.data())
def test_what_is_written_is_read(total: int, data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, total - 1))
    written = ByteRange(begin, data.draw(st.integers(begin + 1, total)), total)
    assert ByteRange.parse(str(written)) == written


@pytest.mark.parametrize(
    "text",
    [
        *("", "bytes", "bytes 0-1", "bytes 0-1/*", "bytes */5", "0-1/5", "items 0-1/5", "bytes 0-5/5", "bytes 2-1/5"),
        *(
            "bytes 00-1/5",
            "bytes 0-01/5",
            "bytes 0-1/05",
            "bytes 0-0/0",
            "bytes -1-1/5",
            "bytes 0-1/5 ",
            "bytes 0-1/5\n",
        ),
        *("bytes 0-1/5, bytes 2-3/5", "bytes \u0660-1/5", "bytes 0-1/1000000000"),
    ],
)
def test_other_forms_are_malformed(text: str) -> None:
    with pytest.raises(MessageMalformed, match="Content-Range must be"):
        ByteRange.parse(text)

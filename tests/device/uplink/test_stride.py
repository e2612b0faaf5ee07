from device.uplink.stride import LEAST, Stride
from footage.parts import MAX_PART_SIZE


def test_a_part_goes_whole_as_long_as_all_goes_well() -> None:
    stride = Stride()
    assert stride.end(0, 500_000) == 500_000
    stride.arrived(500_000, 40.0)
    assert stride.end(0, 500_000) == 250_000


def test_what_fails_goes_in_a_quarter_of_it_and_never_in_less_than_the_least() -> None:
    stride = Stride()
    stride.failed(400_000)
    assert stride.end(0, 400_000) == 100_000
    stride.failed(100_000)
    assert stride.end(0, 400_000) == 25_000
    for _ in range(5):
        stride.failed(stride.size)
    assert stride.end(0, 400_000) == LEAST


def test_it_grows_again_when_requests_are_short() -> None:
    stride = Stride()
    stride.failed(400_000)
    stride.arrived(100_000, 1.0)
    assert stride.size == 200_000
    stride.arrived(100_000, 10.0)
    assert stride.size == 200_000, "neither short nor long"
    stride.arrived(900, 0.1)
    assert stride.size == 200_000, "a small part tells nothing of large ones"
    for _ in range(9):
        stride.arrived(stride.size, 1.0)
    assert stride.size == MAX_PART_SIZE


def test_no_small_rest_is_left() -> None:
    stride = Stride()
    stride.failed(400_000)
    assert stride.end(0, 100_000 + LEAST // 2) == 100_000 + LEAST // 2
    assert stride.end(0, 100_000 + LEAST // 2 + 1) == 100_000
    assert stride.end(100_000, 150_000) == 150_000


def test_every_byte_goes_once_on_a_link_that_never_fails() -> None:
    stride, begin, sent = Stride(), 0, []
    stride.failed(MAX_PART_SIZE)
    while begin < MAX_PART_SIZE:
        end = stride.end(begin, MAX_PART_SIZE)
        sent.append((begin, end))
        stride.arrived(end - begin, 3.0)
        begin = end
    assert [begin for begin, _ in sent[1:]] == [end for _, end in sent[:-1]]
    assert sent[-1][1] == MAX_PART_SIZE
    assert len(sent) == 3, sent

"""What a packet meets on a bad link, by the clock that the test holds."""

import pytest

from tests.rigs.wire import MTU, Shape, Wire

PACKET = bytes(1250)  # 10 000 bits


def test_a_packet_takes_its_time_on_the_wire_and_the_delay() -> None:
    wire = Wire(Shape(1e6, delay=0.1), seed=0)
    wire.send(PACKET, now=5.0)
    wire.send(PACKET, now=5.0)
    assert wire.next_at() == pytest.approx(5.11)
    assert wire.arrived(5.109) == []
    assert wire.arrived(5.115) == [PACKET]
    assert wire.arrived(5.121) == [PACKET], "the second one waited for the first"
    assert wire.carried == 2 * len(PACKET)
    assert wire.next_at() is None


def test_what_does_not_fit_into_the_queue_is_lost() -> None:
    wire = Wire(Shape(1e6, queue_seconds=0.1), seed=0)
    for _ in range(20):
        wire.send(PACKET, now=0.0)
    assert len(wire.arrived(60.0)) == 10
    assert wire.lost == 10


def test_a_slow_link_has_room_for_some_packets_all_the_same() -> None:
    wire = Wire(Shape(8000, queue_seconds=0.1), seed=0)
    for _ in range(4):
        wire.send(bytes(MTU), now=0.0)
    assert wire.lost == 0


def test_the_share_that_is_lost_is_the_one_that_was_asked_for_and_the_same_each_time() -> None:
    def arrivals() -> list[bytes]:
        wire = Wire(Shape(1e9, loss=0.2), seed=7)
        for number in range(5000):
            wire.send(b"%d" % number, now=float(number))
        return wire.arrived(1e9)

    assert 0.78 < len(arrivals()) / 5000 < 0.82
    assert arrivals() == arrivals()


def test_a_link_that_is_down_swallows_what_is_under_way_too() -> None:
    wire = Wire(Shape(1e6, delay=1.0), seed=0)
    wire.send(PACKET, now=0.0)
    wire.reshape(Shape(1e6, down=True))
    wire.send(PACKET, now=0.5)
    wire.reshape(Shape(1e6, delay=1.0))
    assert wire.next_at() is None
    wire.send(PACKET, now=1.0)
    assert wire.arrived(3.0) == [PACKET]
    assert wire.lost == 2

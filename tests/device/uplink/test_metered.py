"""Links that cost by the byte: whether parts may go, and a count that survives power cuts."""

from pathlib import Path

import pytest

from device.uplink.link import UNKNOWN, Link, Way
from device.uplink.metered import ADVICE, MEGABYTE, Held, Meter, held
from footage import durable

TELEPHONE = Link(Way.WIFI, metered=True, connection="1")
FREE = [UNKNOWN, Link(Way.NONE), Link(Way.CABLE, connection="2"), Link(Way.WIFI, connection="3")]
PIECE = 16 * 1024


class Month:
    """A calendar that a test turns."""

    now: str | None = "2026-11"

    def __call__(self) -> str | None:
        return self.now


@pytest.mark.parametrize("link", FREE, ids=str)
@pytest.mark.parametrize("budget", [0, 1])
def test_other_links_carry_everything(link: Link, budget: int) -> None:
    assert held(link, budget, spent=10**12) is None


@pytest.mark.parametrize(
    ("budget", "spent", "why"),
    [
        (0, 0, Held.NOT_ALLOWED),
        (0, 10**12, Held.NOT_ALLOWED),
        (1, 0, None),
        (1, MEGABYTE - 1, None),
        (1, MEGABYTE, Held.SPENT),
        (500, 499 * MEGABYTE, None),
        (500, 501 * MEGABYTE, Held.SPENT),
    ],
)
@pytest.mark.parametrize("way", [Way.WIFI, Way.CABLE, Way.OTHER])
def test_a_telephone_carries_as_far_as_the_budget_goes(way: Way, budget: int, spent: int, why: Held | None) -> None:
    assert held(Link(way, metered=True), budget, spent) is why


def test_whoever_reads_why_knows_what_to_do() -> None:
    assert set(ADVICE) == set(Held)
    assert all("dock" in text for text in ADVICE.values())


def test_links_have_names_for_people() -> None:
    assert [str(link) for link in (TELEPHONE, *FREE)] == ["hotspot", "unknown", "none", "cable", "wifi"]
    assert str(Link(Way.CABLE, metered=True)) == "cable, paid by the byte"


def send(meter: Meter, size: int) -> None:
    for _ in range(size // PIECE):
        meter.sent(PIECE)


def test_a_power_cut_at_any_time_forgets_no_byte_and_costs_a_megabyte_at_most(tmp_path: Path) -> None:
    meter = Meter(tmp_path / "metered.json", Month())
    for _ in range(40):
        send(meter, MEGABYTE // 5)
        after_a_cut = Meter(tmp_path / "metered.json", Month()).spent()
        assert meter.spent() <= after_a_cut <= meter.spent() + MEGABYTE
    assert meter.spent() == pytest.approx(8 * MEGABYTE * 1.05, rel=0.1)


def test_a_power_cut_between_the_writes_of_a_file_forgets_nothing_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    meter = Meter(tmp_path / "metered.json", Month())
    send(meter, 3 * MEGABYTE)
    before = Meter(tmp_path / "metered.json", Month()).spent()
    (tmp_path / ".new-torn").write_bytes(b'{"month"')
    assert Meter(tmp_path / "metered.json", Month()).spent() == before


def test_the_card_is_written_once_a_megabyte_and_not_once_a_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes: list[Path] = []
    write = durable.write_file

    def counted(path: Path, data: bytes) -> None:
        writes.append(path)
        write(path, data)

    monkeypatch.setattr(durable, "write_file", counted)
    meter = Meter(tmp_path / "metered.json", Month())
    send(meter, 20 * MEGABYTE)
    assert 20 <= len(writes) <= 23


def test_an_end_in_order_costs_nothing(tmp_path: Path) -> None:
    for _ in range(50):
        meter = Meter(tmp_path / "metered.json", Month())
        meter.sent(1000)
        meter.settle()
    assert Meter(tmp_path / "metered.json", Month()).spent() == 50 * 1050


def test_each_month_begins_at_nothing(tmp_path: Path) -> None:
    month = Month()
    meter = Meter(tmp_path / "metered.json", month)
    send(meter, MEGABYTE)
    month.now = "2026-12"
    assert meter.spent() == 0
    meter.sent(1000)
    assert Meter(tmp_path / "metered.json", month).spent() < MEGABYTE + PIECE, "of the new month, and so written"


def test_while_nobody_knows_the_time_the_last_month_goes_on(tmp_path: Path) -> None:
    month = Month()
    meter = Meter(tmp_path / "metered.json", month)
    send(meter, MEGABYTE)
    meter.settle()
    spent = meter.spent()
    month.now = None
    booted = Meter(tmp_path / "metered.json", month)
    assert booted.spent() == spent
    month.now = "2026-11"
    assert booted.spent() == spent


def test_what_was_sent_before_anybody_knew_a_month_is_of_the_first_that_is_known(tmp_path: Path) -> None:
    month = Month()
    month.now = None
    meter = Meter(tmp_path / "metered.json", month)
    send(meter, MEGABYTE)
    spent = meter.spent()
    month.now = "2026-11"
    assert meter.spent() == spent


def test_a_card_that_takes_nothing_does_not_stop_films(tmp_path: Path) -> None:
    meter = Meter(tmp_path / "gone" / "metered.json", Month())
    send(meter, 2 * MEGABYTE)
    assert meter.spent() > MEGABYTE, "counted as long as it runs"


def test_a_spoilt_file_begins_anew(tmp_path: Path) -> None:
    (tmp_path / "metered.json").write_text("{}")
    assert Meter(tmp_path / "metered.json", Month()).spent() == 0

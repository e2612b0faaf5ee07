"""How far films are, by the clock of the test: every byte counts once, and nothing is told that nobody knows."""

import pytest

from device.spooled_film import FilmState
from device.status import FilmProgress
from device.uplink.cargo import Cargo
from device.uplink.known import Known
from device.uplink.plan import Kind, Step
from device.uplink.progress import Figures, Progress
from device.uplink.rate import LEAST_SECONDS, LULL_SECONDS, WINDOW_SECONDS
from footage.parts import PartKind, PartName

SIZE = 1_000_000
KEY, MANIFEST = 3000, 500


def film(name: str, parts: int, *, state: FilmState = FilmState.CLOSED) -> Cargo:
    manifest = MANIFEST if state is FilmState.CLOSED else 0
    return Cargo(name, state, KEY, dict.fromkeys(range(parts), SIZE), manifest)


def part_step(name: str, number: int) -> Step:
    return Step(Kind.PART, name, PartName(number, PartKind.MEDIA, 1000, "0" * 64))


class Sent:
    """An uplink that sends a part of a film a second, and what it says of that."""

    def __init__(self, *cargoes: Cargo) -> None:
        self.progress = Progress()
        self.cargoes = list(cargoes)
        self.now = 1000.0
        self.refused: set[str] = set()
        self.held = 0  # by the kernel
        self.figures()

    def figures(self) -> Figures:
        return self.progress.figures(self.cargoes, self.refused, self.held, self.now)

    def later(self, seconds: int) -> Figures:
        """Time goes by, and the uplink tells each second."""
        for _ in range(seconds):
            self.now += 1
            figures = self.figures()
        return figures

    def ask(self, name: str, *parts: int, key: bool = False, begun: dict[int, int] | None = None) -> None:
        self.progress.learnt(Step(Kind.ASK, name), Known(key, set(parts), begun or {}))

    def key(self, name: str) -> None:
        self.progress.learnt(Step(Kind.KEY, name), 0)

    def part(self, name: str, number: int, size: int = SIZE, seconds: float = 1.0) -> None:
        self.now += seconds
        self.went(name, number, size)
        self.ended(name, number, size)

    def went(self, name: str, number: int, gone: int, *, acknowledged: int = 0) -> None:
        self.progress.went(part_step(name, number), acknowledged, gone)

    def lost(self, name: str, number: int) -> None:
        self.progress.lost(part_step(name, number))

    def ended(self, name: str, number: int, size: int = SIZE) -> None:
        self.progress.learnt(part_step(name, number), size)

    def home(self, name: str) -> None:
        (cargo,) = (cargo for cargo in self.cargoes if cargo.film == name)
        self.progress.home(cargo)
        self.cargoes.remove(cargo)


def test_a_film_from_nothing_to_its_receipt() -> None:
    sent = Sent(film("a", 2))
    in_all = KEY + 2 * SIZE + MANIFEST
    assert sent.figures().films == (FilmProgress("a", in_all, 0),)
    sent.ask("a")
    sent.key("a")
    sent.part("a", 0)
    assert sent.figures().films == (FilmProgress("a", in_all, KEY + SIZE),)
    sent.part("a", 1)
    assert sent.figures().films == (FilmProgress("a", in_all, in_all - MANIFEST),), "not whole without its receipt"
    assert sent.figures().bytes_to_go == MANIFEST
    sent.home("a")
    assert sent.figures()[:3] == ((), in_all, 0)


def test_what_the_agency_held_before_is_there_and_was_never_sent() -> None:
    sent = Sent(film("a", 10))
    sent.ask("a", *range(9), key=True)
    sent.now += 30
    figures = sent.figures()
    assert figures.bytes_to_go == SIZE + MANIFEST
    assert figures.bytes_per_second == 0


def test_what_the_agency_lost_is_to_go_again() -> None:
    sent = Sent(film("a", 3))
    sent.ask("a", 0, 1, 2, key=True)
    assert sent.figures().bytes_to_go == MANIFEST
    sent.ask("a", 0, 2, key=True)
    assert sent.figures().bytes_to_go == MANIFEST + SIZE


def test_a_part_that_is_sent_again_is_no_progress() -> None:
    sent = Sent(film("a", 100))
    sent.went("a", 0, SIZE // 2)
    assert sent.later(10).bytes_per_second == SIZE // 2 // 10
    for _ in range(20):  # the link drops before any part is acknowledged
        sent.lost("a", 0)
        figures = sent.later(5)
        assert figures.bytes_per_second == 0
        sent.went("a", 0, SIZE // 2)
    assert (figures.bytes_to_go, figures.seconds_to_go) == (film_bytes(100), None)
    sent.part("a", 0)
    assert sent.figures().bytes_per_second == pytest.approx(SIZE / 60, rel=0.05), "once"


def test_a_link_that_went_down_with_much_in_the_kernel_has_brought_none_of_it() -> None:
    sent = Sent(film("a", 10))
    sent.went("a", 0, 200_000)
    sent.held = 200_000
    sent.later(60)
    sent.held = 0  # the connection is closed
    sent.lost("a", 0)
    figures = sent.later(1)
    assert (figures.bytes_per_second, figures.moving) == (0, False)


def film_bytes(parts: int) -> int:
    return KEY + parts * SIZE + MANIFEST


def test_what_the_kernel_still_holds_has_not_left_the_kit() -> None:
    sent = Sent(film("a", 1))
    sent.went("a", 0, 200_000)
    sent.held = 200_000
    assert sent.later(10).bytes_per_second == 0
    sent.held = 120_000
    figures = sent.later(10)
    assert figures.bytes_per_second == 4000
    assert figures.seconds_to_go == -(-(film_bytes(1) - 80_000) // 4000)


def test_rate_and_time_of_a_steady_link() -> None:
    sent = Sent(film("a", 200))
    for number in range(100):
        sent.part("a", number)
        figures = sent.figures()
    assert figures.bytes_per_second == SIZE
    assert figures.seconds_to_go == 101, "100 parts, the key and the manifest"
    assert figures.moving


def test_on_a_slow_link_the_rate_is_known_long_before_a_part_is_there() -> None:
    """64 kbit/s: a part takes two minutes."""
    sent = Sent(film("a", 10))
    for second in range(1, 31):
        sent.went("a", 0, second * 8000)
        figures = sent.later(1)
    assert figures.bytes_per_second == 8000
    assert figures.seconds_to_go == -(-(film_bytes(10) - 240_000) // 8000)
    assert figures.films[0].bytes_there == 0, "nothing is there before the agency says so"


def test_what_came_in_ranges_is_there_to_the_byte_and_counts_once() -> None:
    sent = Sent(film("a", 2))
    sent.ask("a", key=True, begun={0: 300_000})
    assert sent.figures().bytes_there == KEY + 300_000
    assert sent.later(10).bytes_per_second == 0, "it came before"
    sent.went("a", 0, 50_000, acknowledged=300_000)
    assert sent.figures().bytes_there == KEY + 300_000
    sent.went("a", 0, 300_000, acknowledged=300_000)
    sent.went("a", 0, 400_000, acknowledged=600_000)
    assert sent.figures().bytes_there == KEY + 600_000
    sent.ended("a", 0)
    assert sent.figures().bytes_there == KEY + SIZE
    assert sent.figures().bytes_per_second == (SIZE - 300_000) // 10


def test_a_range_that_is_lost_is_to_go_again_and_what_was_acknowledged_is_not() -> None:
    sent = Sent(film("a", 1))
    sent.went("a", 0, 100_000, acknowledged=400_000)
    sent.lost("a", 0)
    sent.ask("a", key=True, begun={0: 400_000})
    sent.went("a", 0, 100_000, acknowledged=400_000)
    figures = sent.later(10)
    assert figures.bytes_to_go == SIZE - 400_000 + MANIFEST
    assert figures.bytes_per_second == 10_000, "once, though it was sent twice"


def test_nothing_is_told_of_a_shorter_time_than_can_be_measured() -> None:
    sent = Sent(film("a", 200))
    begun = sent.now
    for number in range(40):
        sent.part("a", number, seconds=0.25)
        figures = sent.figures()
        known = sent.now - begun >= LEAST_SECONDS
        assert (figures.bytes_per_second is not None) is known
        assert (figures.seconds_to_go is not None) is known


def test_a_link_that_stands_still_takes_neither_for_ever_nor_any_time() -> None:
    sent = Sent(film("a", 200))
    for number in range(10):
        sent.part("a", number)
        assert sent.figures().moving
    assert not sent.later(int(LULL_SECONDS) + 1).moving
    figures = sent.later(int(WINDOW_SECONDS))
    assert (figures.bytes_per_second, figures.seconds_to_go) == (0, None)


def test_nobody_can_know_while_a_film_is_open_or_refused() -> None:
    for cargo, refused in ((film("b", 2, state=FilmState.OPEN), set()), (film("b", 2), {"b"})):
        sent = Sent(film("a", 200), cargo)
        sent.refused = refused
        for number in range(10):
            sent.part("a", number)
            figures = sent.figures()
        assert (figures.bytes_per_second, figures.seconds_to_go) == (SIZE, None)
        assert [(film.open, film.refused) for film in figures.films] == [(False, False), (not refused, bool(refused))]


def test_while_all_is_refused_nothing_is_measured() -> None:
    sent = Sent(film("a", 5))
    sent.refused = {"a"}
    for _ in range(10):
        sent.now += 10
        assert sent.figures().bytes_per_second is None


def test_a_night_between_two_films_does_not_slow_the_second() -> None:
    sent = Sent(film("a", 10))
    for number in range(10):
        sent.part("a", number)
    sent.home("a")
    assert sent.figures()[2:] == (0, None, 0, False)
    sent.now += 12 * 3600
    sent.cargoes = [film("b", 10)]
    sent.figures()
    for number in range(6):
        sent.part("b", number)
        sent.figures()
    assert sent.figures().bytes_per_second == SIZE
    assert sent.figures().bytes_there == 6 * SIZE, "another run"


def test_the_bar_of_all_films_never_goes_back_when_one_of_them_is_home() -> None:
    sent = Sent(film("a", 3), film("b", 3))
    shares = []
    for name in ("a", "b"):
        sent.key(name)
        for number in range(3):
            sent.part(name, number)
            shares.append(sent.figures().bytes_there)
        sent.home(name)
        shares.append(sent.figures().bytes_there)
    assert shares == sorted(shares)
    assert shares[-1] == 2 * film_bytes(3)


def test_a_part_that_is_not_whole_is_left_out_until_it_is() -> None:
    sent = Sent(film("a", 2, state=FilmState.OPEN))
    sent.ended("a", 1, 0)
    assert sent.figures().bytes_to_go == KEY + SIZE
    sent.part("a", 1)
    assert sent.figures().bytes_to_go == KEY + SIZE
    assert sent.figures().bytes_there == SIZE


def test_a_film_that_the_family_took_back_is_nothing_to_go() -> None:
    sent = Sent(film("a", 2), film("b", 1))
    sent.part("a", 0)
    sent.cargoes[0] = Cargo("a", FilmState.TAKEN_BACK, 0, {}, 0)
    assert [film.film for film in sent.figures().films] == ["b"]
    assert sent.figures().bytes_there == 0


def test_a_receipt_that_is_on_the_card_already_takes_nothing_from_what_is_there() -> None:
    sent = Sent(film("a", 1))
    sent.key("a")
    sent.part("a", 0)
    before = sent.figures()
    sent.cargoes[0] = Cargo("a", FilmState.RECEIPTED, KEY, {0: SIZE}, MANIFEST)
    assert sent.figures().bytes_there == before.bytes_there + MANIFEST
    sent.progress.home(sent.cargoes[0])
    assert sent.figures().bytes_there == film_bytes(1)
    sent.cargoes[0] = Cargo("a", FilmState.RECEIPTED, 0, {}, 0)
    assert sent.figures().bytes_there == film_bytes(1)

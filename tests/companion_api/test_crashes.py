"""A crash between any two durable steps: what was acknowledged is there, and the kit's repetition mends the rest."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import partial

import httpx
import pytest
from msgspec.structs import replace

from companion_api.database.database import Database
from companion_api.stores.disk_store import DiskStore
from footage.keys import new_key, to_jwk
from footage.receipt import read_receipt
from tests.companion_api.builders import Kit, Service, problem
from tests.footage.builders import Agency, Film, make_film


class PowerCut(Exception):
    """The process ends here."""


@contextmanager
def _then_power_cut(transaction: AbstractContextManager[object]) -> Iterator[object]:
    with transaction as inside:
        yield inside
    raise PowerCut


class Fuse:
    """Blows at the durable step numbered `at` (from 0), before or after it is done; then all later steps too."""

    def __init__(self, patched: pytest.MonkeyPatch, at: int, *, after: bool) -> None:
        self.steps = 0
        self._at, self._after = at, after
        for owner, name in ((DiskStore, "put"), (DiskStore, "delete"), (Database, "writing"), (Database, "change")):
            patched.setattr(owner, name, self._guard(getattr(owner, name)))

    def _guard(self, step: Callable[..., object]) -> Callable[..., object]:
        def guarded(*args: object) -> object:
            number = self.steps
            self.steps += 1
            if number > self._at or (number == self._at and not self._after):
                raise PowerCut
            outcome = step(*args)
            if number < self._at:
                return outcome
            if isinstance(outcome, AbstractContextManager):  # a transaction: let it commit what the caller does
                return _then_power_cut(outcome)
            raise PowerCut

        return guarded


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(16))
def test_a_film_arrives_whole_whenever_the_power_fails(
    service: Service, agency: Agency, film: Film, at: int, after: bool
) -> None:
    """Steps: film row, then object and row of key and four parts, then manifest, receipt, row of the closing."""
    kit = Kit(service).begin()
    acknowledged: list[str] = []
    with pytest.MonkeyPatch.context() as patched:
        fuse = Fuse(patched, at, after=after)
        for path, body in _requests(film):
            answer = kit.send("PUT", path, body)
            if answer.status_code == 500:
                break
            acknowledged.append(path)
    if at < 14:
        assert fuse.steps > at, "the power failed on the way"
    service.restart()
    kit = Kit(service).begin()
    answers = {path: kit.send("PUT", path, body) for path, body in _requests(film)}
    assert all(answer.status_code in (200, 201) for answer in answers.values())
    assert all(answers[path].status_code == 200 for path in acknowledged)
    receipt = answers[f"/v1/films/{film.film}/manifest"].text
    read_receipt(receipt, agency.verified_directory(), film=film.film, manifest=film.token or "")
    assert kit.send("GET", f"/v1/films/{film.film}/receipt").text == receipt
    assert kit.have(film.film)["state"] == "closed"


def test_a_receipt_that_was_durable_before_its_row_is_the_one_that_is_given(service: Service, film: Film) -> None:
    kit = Kit(service).begin()
    kit.put_pieces(film)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Database, "writing", _power_cut)
        assert kit.put_manifest(film.film, film.token).status_code == 500
    durable = service.store.get(f"films/{film.film}/receipt.jws")
    assert durable is not None
    assert problem(kit.send("GET", f"/v1/films/{film.film}/receipt")) == "receipt-not-yet"
    service.clock.forward(hours=3)
    service.restart()
    kit = Kit(service).begin()
    answer = kit.put_manifest(film.film, film.token)
    assert (answer.status_code, answer.content) == (201, durable)


def test_no_receipt_is_signed_that_kits_would_not_believe(service: Service, agency: Agency, film: Film) -> None:
    kit = Kit(service).begin()
    kit.put_pieces(film)
    without = replace(agency.directory(version=2), receipt_keys=(to_jwk(new_key().public_key()),))
    service.publish(agency.signed_directory(without))
    assert problem(kit.put_manifest(film.film, film.token)) == "receipt-key-unlisted"
    assert service.store.get(f"films/{film.film}/receipt.jws") is None
    service.publish(agency.signed_directory(agency.directory(version=3)))
    assert kit.put_manifest(film.film, film.token).status_code == 201


def test_a_receipt_that_the_store_lost_is_not_made_up(service: Service, film: Film) -> None:
    kit = Kit(service).begin()
    kit.put_film(film)
    service.store.delete([f"films/{film.film}/receipt.jws"])
    assert problem(kit.put_manifest(film.film, film.token)) == "store-failed"


def _race(requests: list[Callable[[], httpx.Response]]) -> list[httpx.Response]:
    with ThreadPoolExecutor(len(requests)) as threads:
        return [future.result() for future in [threads.submit(request) for request in requests]]


def test_of_eight_that_send_the_same_part_one_stores_it(service: Service, film: Film) -> None:
    kit = Kit(service).begin()
    for number in range(5):
        answers = _race([partial(kit.put_part, film.film, number, b"same")] * 8)
        assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]


def test_of_eight_that_send_different_bytes_one_wins(service: Service, film: Film) -> None:
    kit = Kit(service).begin()
    for number in range(5):
        bodies = [b"racer %d" % racer for racer in range(8)]
        answers = _race([partial(kit.put_part, film.film, number, body) for body in bodies])
        assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
        winner = [answer.status_code for answer in answers].index(201)
        assert service.store.get(f"films/{film.film}/parts/{number:05d}") == bodies[winner]
        assert {problem(answer) for answer in answers if answer.is_error} == {"part-differs"}


def test_of_eight_that_close_a_film_all_get_the_one_receipt(service: Service, film: Film) -> None:
    kit = Kit(service).begin()
    kit.put_pieces(film)
    answers = _race([partial(kit.put_manifest, film.film, film.token)] * 8)
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.content for answer in answers}) == 1


def test_taking_back_wins_against_everything_under_way(service: Service, agency: Agency) -> None:
    kit = Kit(service).begin()
    for _ in range(3):
        film = make_film(agency)
        requests = [partial(kit.send, "PUT", path, body) for path, body in _requests(film)]
        answers = _race([*requests, partial(kit.send, "DELETE", f"/v1/films/{film.film}")])
        assert {answer.status_code for answer in answers} <= {200, 201, 204, 409, 410, 503}
        assert not list(service.store.list(f"films/{film.film}"))


def test_a_fault_of_the_service_tells_nothing_of_its_inside(service: Service, film: Film) -> None:
    kit = Kit(service).begin()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(DiskStore, "put", _power_cut)
        answer = kit.put_part(film.film, 0, b"abc")
    assert problem(answer) == "internal-error"
    assert "PowerCut" not in answer.text


def _requests(film: Film) -> list[tuple[str, bytes]]:
    path = f"/v1/films/{film.film}"
    assert film.sealed_key is not None
    assert film.token is not None
    parts = [(f"{path}/parts/{number}", sealed) for number, sealed in film.parts.items()]
    return [(f"{path}/key", film.sealed_key), *parts, (f"{path}/manifest", film.token.encode())]


def _power_cut(*_: object) -> object:
    raise PowerCut

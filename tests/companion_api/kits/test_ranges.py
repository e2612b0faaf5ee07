"""Parts that come in ranges: in any order, again, from several sizes of them; whole in the end or not at all."""

import uuid

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from companion_api.kits.ranges import Begun, begun_parts
from companion_api.stores.store import part_object, ranges_folder
from footage.byte_range import ByteRange
from footage.http_signatures import content_digest
from tests.companion_api.builders import Kit, Service, problem
from tests.companion_api.truth.builders import scrubbed
from tests.footage.builders import Film, sha256

FILM = "8562e425-270c-4d9e-abf4-11932fc0556d"
PART = bytes(range(256)) * 40


def put(kit: Kit, begin: int, end: int, *, part: bytes = PART, film: str = FILM, **changed: str) -> httpx.Response:
    """Send a range of part 3."""
    return kit.send("PUT", f"/v1/films/{film}/parts/3", part[begin:end], **(told(begin, end, part) | changed))


def told(begin: int, end: int, part: bytes = PART) -> dict[str, str]:
    """Return the headers that tell of a range."""
    return {"content_range": str(ByteRange(begin, end, len(part))), "repr_digest": content_digest(part)}


def in_ranges(service: Service, film: str = FILM) -> list[str]:
    return list(service.store.list(ranges_folder(film)))


def test_a_part_is_whole_when_its_last_range_has_come(service: Service, kit: Kit) -> None:
    assert put(kit, 0, 4000).status_code == 202
    assert kit.have(FILM)["begun"] == [{"number": 3, "sha256": sha256(PART), "size": 4000}]
    assert put(kit, 8000, len(PART)).status_code == 202
    assert kit.have(FILM)["begun"] == [{"number": 3, "sha256": sha256(PART), "size": 4000}], "up to the first gap"
    assert put(kit, 4000, 8000).status_code == 201
    assert service.store.get(part_object(FILM, 3)) == PART
    assert kit.have(FILM)["parts"] == [{"number": 3, "sha256": sha256(PART), "size": len(PART)}]
    assert kit.have(FILM)["begun"] == []
    assert not in_ranges(service)


@pytest.mark.parametrize("ranges", [[(0, 4000)], [(0, len(PART))], [(0, 9), (5, 4000), (4000, len(PART))]])
def test_a_range_may_come_again(service: Service, kit: Kit, ranges: list[tuple[int, int]]) -> None:
    first = [put(kit, *each).status_code for each in ranges]
    again = [put(kit, *each).status_code for each in ranges]
    whole = ranges[-1][1] == len(PART)
    assert first[-1] == (201 if whole else 202)
    assert again == ([200] * len(ranges) if whole else first)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 39), st.integers(1, 40)), max_size=12))
def test_ranges_of_any_size_make_the_part(service: Service, kit: Kit, drawn: list[tuple[int, int]]) -> None:
    part, film = PART[:40], str(uuid.uuid4())
    covered: set[int] = set()
    for begin, size in [*drawn, (0, 40)]:
        end = min(40, begin + size)
        status = put(kit, begin, end, part=part, film=film).status_code
        was_whole = len(covered) == 40
        covered |= set(range(begin, end))
        assert status == (200 if was_whole else 201 if len(covered) == 40 else 202)
    assert service.store.get(part_object(film, 3)) == part
    assert not in_ranges(service, film)


def test_a_whole_part_ends_what_was_begun(service: Service, kit: Kit, film: Film) -> None:
    number = 3
    put(kit, 0, 16, part=film.parts[number], film=film.film)
    assert in_ranges(service, film.film)
    assert scrubbed(service) == [], "a range is no fault"
    kit.put_film(film)
    assert not in_ranges(service, film.film)
    assert scrubbed(service) == []


def test_a_film_that_is_taken_back_leaves_no_range(service: Service, kit: Kit) -> None:
    put(kit, 0, 4000)
    assert kit.send("DELETE", f"/v1/films/{FILM}").status_code == 204
    assert not in_ranges(service)
    assert problem(put(kit, 4000, len(PART))) == "film-taken-back"
    assert not in_ranges(service)


def test_a_range_for_what_is_held_otherwise_is_refused(service: Service, kit: Kit) -> None:
    kit.put_part(FILM, 3, b"other bytes")
    assert problem(put(kit, 0, 4000)) == "part-differs"
    assert not in_ranges(service)


def test_ranges_that_do_not_make_the_part_go(service: Service, kit: Kit) -> None:
    other = bytes(len(PART))
    assert put(kit, 0, 4000, repr_digest=content_digest(other)).status_code == 202
    assert problem(put(kit, 4000, len(PART), repr_digest=content_digest(other))) == "digest-mismatch"
    assert not in_ranges(service)
    assert put(kit, 0, len(PART)).status_code == 201


def test_the_same_range_with_other_bytes_begins_the_part_anew(service: Service, kit: Kit) -> None:
    put(kit, 0, 4000)
    changed = bytes(4000) + PART[4000:]
    assert problem(put(kit, 0, 4000, part=changed, repr_digest=content_digest(PART))) == "digest-mismatch"
    assert begun_parts(service.archive, FILM) == []


def test_parts_of_other_bytes_are_kept_apart(service: Service, kit: Kit) -> None:
    put(kit, 0, 4000)
    put(kit, 4000, 5000, part=bytes(5000))
    assert begun_parts(service.archive, FILM) == [Begun(3, sha256(PART), 4000)]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"content_range": "bytes 0-1/2"}, "range-invalid"),
        ({"content_range": "bytes 0-x/2"}, "range-invalid"),
        ({"repr_digest": ""}, "range-invalid"),
        ({"repr_digest": "sha-256=:AAAA:"}, "range-invalid"),
        ({"content_range": "bytes 0-3999/2097153"}, "body-too-large"),
        ({"content_digest": content_digest(b"x")}, "digest-mismatch"),
    ],
)
def test_a_range_that_is_not_what_it_says_is_refused(
    service: Service, kit: Kit, changed: dict[str, str], code: str
) -> None:
    headers = told(0, 4000) | changed
    assert problem(kit.send("PUT", f"/v1/films/{FILM}/parts/3", PART[:4000], **headers)) == code
    assert not in_ranges(service)


@pytest.mark.parametrize("name", ["content-range", "repr-digest"])
def test_what_tells_of_the_range_is_signed(service: Service, kit: Kit, name: str) -> None:
    path = f"/v1/films/{FILM}/parts/3"
    headers = kit.headers("PUT", path, PART[:4000], **told(0, 4000))
    changed = {"content-range": "bytes 4000-7999/10240", "repr-digest": content_digest(b"other")}
    for request in (headers | {name: changed[name]}, {key: value for key, value in headers.items() if key != name}):
        assert problem(service.send("PUT", path, request, PART[:4000])) == "request-forged"
    unsigned = kit.headers("PUT", path, PART[:4000])
    assert problem(service.send("PUT", path, unsigned | changed, PART[:4000])) == "request-forged"
    assert not in_ranges(service)

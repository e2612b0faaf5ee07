import re

import pytest

from companion_api.stores.store import StoreFailed
from tests.companion_api.builders import Kit, Service, problem
from tests.companion_api.truth.builders import scrubbed
from tests.footage.builders import Film


def metrics(service: Service) -> dict[str, float]:
    answer = service.send("GET", "/metrics")
    assert answer.status_code == 200, answer.text
    return {name: float(value) for name, value in re.findall(r"^(\w\S*) (\S+)$", answer.text, re.MULTILINE)}


def test_a_service_that_runs_is_healthy_and_ready(service: Service) -> None:
    for path in ("/healthz", "/readyz"):
        answer = service.send("GET", path)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_what_stands_in_the_way_is_named(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise StoreFailed("The disk failed. Check it.")

    service.store.delete(["directory.jws"])
    answer = service.send("GET", "/readyz")
    assert (answer.status_code, problem(answer), answer.json()["faults"]) == (503, "not-ready", ["store-empty"])
    monkeypatch.setattr(service.store, "get", broken)
    monkeypatch.setattr(service.archive.database.engine, "connect", broken)
    answer = service.send("GET", "/readyz")
    assert answer.json()["faults"] == ["database-failed", "store-failed"]
    assert service.send("GET", "/healthz").status_code == 200


def test_requests_and_store_are_measured_by_route_and_not_by_film(service: Service, film: Film) -> None:
    kit = Kit(service).begin()
    before = metrics(service)
    kit.put_film(film)
    kit.put_part(film.film, 0, b"other")
    after = metrics(service)

    def grown(name: str) -> float:
        return after.get(name, 0) - before.get(name, 0)

    part = 'method="PUT",route="/v1/films/{film}/parts/{number}"'
    assert grown(f'attune_request_seconds_count{{{part},status="201"}}') == len(film.parts)
    assert grown(f'attune_request_seconds_count{{{part},status="409"}}') == 1
    assert grown('attune_problems_total{code="part-differs"}') == 1
    assert grown('attune_store_seconds_count{operation="put",outcome="done"}') == len(film.parts) + 3
    assert grown("attune_stored_bytes_total") > sum(map(len, film.parts.values()))
    assert after['attune_films{state="closed"}'] == 1
    assert film.film not in service.send("GET", "/metrics").text


def test_metrics_do_not_exist_behind_a_proxy(service: Service) -> None:
    for header in ("X-Forwarded-For", "Forwarded"):
        assert problem(service.send("GET", "/metrics", {header: "for=1.2.3.4"})) == "not-found"


def test_a_path_that_does_not_exist_is_one_series(service: Service) -> None:
    for number in range(3):
        service.send("GET", f"/nowhere/{number}")
    assert metrics(service)['attune_request_seconds_count{method="GET",route="none",status="404"}'] == 3


def test_what_a_scrub_found_and_what_waits_for_days_is_told(service: Service, film: Film) -> None:
    kit = Kit(service).begin()
    assert not any("scrub_ended" in name for name in metrics(service))
    kit.put_film(film)
    (service.data / "store" / "films" / film.film / "film.key").unlink()
    kit.put_part("00000000-0000-4000-8000-000000000000", 0, b"abc")
    scrubbed(service)
    service.clock.forward(days=2)
    told = metrics(service)
    assert told['attune_faults{kind="key-missing"}'] == 1
    assert told['attune_faults{kind="part-missing"}'] == 0
    assert told["attune_films_incomplete"] == 1
    assert told["attune_scrub_ended_timestamp_seconds"] == service.clock().timestamp() - 2 * 24 * 3600

"""What is true of buckets only: what their errors mean, answers that are lost, and buckets that are refused."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from companion_api.stores.cloud_errors import BucketKeepsVersions, BucketOverwrites
from companion_api.stores.store import Put, Store, StoreFailed, StoreFull
from companion_api.stores.store_address import open_store
from tests.companion_api.builders import Kit, problem, running
from tests.companion_api.s3_lookalike import Answer, Lookalike, lookalike
from tests.footage.builders import Agency, Film

KEY = "films/a/parts/00000"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lookalike]:
    with lookalike() as s3:
        for name, value in s3.environment.items():
            monkeypatch.setenv(name, value)
        yield s3


@pytest.fixture
def store(s3: Lookalike) -> Store:
    return open_store("s3://films/prefix")


FULL, FAILED = StoreFull, StoreFailed
ANSWERS = {
    Answer(403, "QuotaExceeded"): (FULL, "bucket is full (403 QuotaExceeded). Raise its quota"),  # Ceph's
    Answer(400, "XMinioAdminBucketQuotaExceeded"): (FULL, "bucket is full (400 XMinioAdminBucketQuotaExceeded)"),
    Answer(403, "AccessDenied"): (FAILED, "refuses this service (403 AccessDenied). Check credentials"),
    Answer(403, "RequestTimeTooSkewed"): (FAILED, "refuses this service (403 RequestTimeTooSkewed)"),
    Answer(401): (FAILED, "refuses this service (401)"),
    Answer(404, "NoSuchBucket"): (FAILED, "bucket is not there (404 NoSuchBucket). Make it"),
    Answer(400, "EntityTooLarge"): (FAILED, "The store failed (400 EntityTooLarge). Look at its own log"),
    Answer(301): (FAILED, "gives no answer (GenericError). Check that it runs, its address, region"),
}
REPEATED = {
    Answer(507): (FULL, "bucket is full (507)"),
    Answer(507, "XMinioStorageFull"): (FULL, "bucket is full (507 XMinioStorageFull)"),
    Answer(503, "SlowDown"): (FAILED, "The store failed (503 SlowDown)"),
    Answer(): (FAILED, "gives no answer (Request)"),
}
CALLS: dict[str, Callable[[Store], object]] = {
    "put": lambda store: store.put(KEY, b"x"),
    "replace": lambda store: store.replace(KEY, b"x"),
    "get": lambda store: store.get(KEY),
    "delete": lambda store: store.delete([KEY]),
    "list": lambda store: list(store.list("films")),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: f"{answer.status}{answer.code}")
def test_every_error_has_a_name_and_a_next_step_and_no_secret(
    s3: Lookalike, store: Store, call: str, answer: Answer
) -> None:
    assert_named(s3, store, CALLS[call], answer, *ANSWERS[answer])
    assert len(s3.requests) == 1


@pytest.mark.parametrize("answer", REPEATED, ids=lambda answer: f"{answer.status}{answer.code}")
def test_an_error_that_may_pass_is_one_only_after_some_tries(s3: Lookalike, store: Store, answer: Answer) -> None:
    assert_named(s3, store, CALLS["put"], answer, *REPEATED[answer])
    assert len(s3.requests) == 5


def assert_named(
    s3: Lookalike, store: Store, call: Callable[[Store], object], answer: Answer, named: type[Exception], says: str
) -> None:
    s3.answers.extend([answer] * 20)
    with pytest.raises(named) as raised:
        call(store)
    assert says in str(raised.value)
    for secret in ("secret", "the-access-key", "Signature", "http", KEY):
        assert secret not in str(raised.value)
    assert raised.value.__suppress_context__, "obstore's own text, which has the whole answer, is not logged with it"


@pytest.mark.parametrize("lost", [Answer(done=True), Answer(500, "InternalError", done=True)])
def test_an_object_whose_answer_was_lost_is_the_same(s3: Lookalike, store: Store, lost: Answer) -> None:
    s3.answers.append(lost)
    assert store.put(KEY, b"bytes") is Put.SAME
    assert s3.requests == ["PUT", "PUT", "GET"]
    assert s3.objects == {KEY: b"bytes"}


def test_a_request_that_was_lost_is_repeated(s3: Lookalike, store: Store) -> None:
    s3.answers.append(Answer())
    assert store.put(KEY, b"bytes") is Put.STORED
    s3.answers.extend([Answer(), Answer(503, "SlowDown")])
    assert store.get(KEY) == b"bytes"


def test_a_conflict_that_leaves_no_object_is_tried_again(s3: Lookalike, store: Store) -> None:
    """S3 answers 409 to a create when another request for the name came in between: it says nothing of an object."""
    s3.answers.append(Answer(409, "ConditionalRequestConflict"))
    assert store.put(KEY, b"bytes") is Put.STORED
    s3.overwrites = True
    s3.answers.extend([Answer(409, "ConditionalRequestConflict"), Answer(404, "NoSuchKey")] * 3)
    with pytest.raises(StoreFailed, match="what else changes the bucket"):
        store.put(KEY, b"bytes")


def test_the_hash_of_every_body_is_signed(s3: Lookalike, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_UNSIGNED_PAYLOAD", "true")
    open_store("s3://films/prefix").put(KEY, b"")
    assert s3.hashes == ["e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"]


def test_a_good_bucket_is_taken_and_nothing_stays_of_the_probe(s3: Lookalike, store: Store) -> None:
    store.prepare()
    assert s3.objects == {}


def test_a_bucket_that_overwrites_is_refused(s3: Lookalike, store: Store) -> None:
    s3.overwrites = True
    with pytest.raises(BucketOverwrites, match="Use a store that keeps to If-None-Match"):
        store.prepare()


@pytest.mark.parametrize("fault", ["keeps_versions", "hides_deletes"])
def test_a_bucket_from_which_nothing_goes_is_refused(s3: Lookalike, store: Store, fault: str) -> None:
    setattr(s3, fault, True)
    with pytest.raises(BucketKeepsVersions, match="Use a bucket that never had versions"):
        store.prepare()


def test_a_lost_answer_is_no_reason_to_refuse_a_bucket(s3: Lookalike, store: Store) -> None:
    s3.answers.append(Answer(done=True))
    store.prepare()


def test_a_bucket_that_lists_without_order_is_told(s3: Lookalike, store: Store) -> None:
    s3.listed = ["films/b", "films/a"]
    with pytest.raises(StoreFailed, match="Use a general purpose bucket"):
        list(store.list("films"))


def test_the_service_keeps_a_film_in_a_bucket(
    s3: Lookalike, store: Store, tmp_path: Path, agency: Agency, film: Film
) -> None:
    with running(tmp_path, agency, store=store) as service:
        Kit(service).begin().put_film(film)
        folder = f"films/{film.film}"
        assert s3.objects.keys() >= {f"{folder}/film.key", f"{folder}/manifest.jws", f"{folder}/receipt.jws"}
        assert {number: s3.objects[f"{folder}/parts/{number:05d}"] for number in film.parts} == film.parts


def test_a_full_bucket_is_answered_by_name(
    s3: Lookalike, store: Store, tmp_path: Path, agency: Agency, film: Film
) -> None:
    with running(tmp_path, agency, store=store) as service:
        kit = Kit(service).begin()
        s3.answers.append(Answer(403, "QuotaExceeded"))
        answer = kit.put_part(film.film, 0, film.parts[0])
        assert (problem(answer), answer.status_code) == ("store-full", 507)
        assert kit.put_part(film.film, 0, film.parts[0]).status_code == 201

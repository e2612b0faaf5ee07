"""The store in a bucket of a real Ceph: what fast tests can't know of S3."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from companion_api.stores.cloud_errors import BucketKeepsVersions
from companion_api.stores.store import Put, Store, StoreFailed, StoreFull
from companion_api.stores.store_address import open_store
from tests.rigs.ceph import Ceph
from tests.rigs.spoiled_link import spoiled_link

pytestmark = pytest.mark.rig
KITS_PATIENCE = 30.0  # seconds; it waits longer, device/patient_client.py
KEY = "films/a/parts/00000"
PART = bytes(range(256)) * 4096


@pytest.fixture
def store(ceph: Ceph, monkeypatch: pytest.MonkeyPatch) -> Store:
    for name, value in ceph.environment.items():
        monkeypatch.setenv(name, value)
    return open_store(ceph.address())


def test_more_names_than_a_page_are_listed_in_order_and_deleted(store: Store) -> None:
    names = [f"films/{number % 7}/parts/{number:05d}" for number in range(2_100)]
    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(lambda name: store.put(name, b"x"), names)) == {Put.STORED}
    assert list(store.list("")) == sorted(names)
    assert list(store.list("films/3")) == sorted(name for name in names if name.startswith("films/3/"))
    store.delete(names)
    assert list(store.list("")) == []


def test_an_object_whose_answer_was_lost_is_the_same(ceph: Ceph, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with spoiled_link(ceph.endpoint) as link:
        monkeypatch.setenv("AWS_ENDPOINT", link.url)
        store = open_store(ceph.address())
        link.lose_answers = 1
        assert store.put(KEY, PART) is Put.SAME
        assert link.lose_answers == 0
        assert store.get(KEY) == PART
        assert store.put(KEY, b"other") is Put.DIFFERS


def test_a_body_that_is_damaged_on_the_way_is_refused(
    ceph: Ceph, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with spoiled_link(ceph.endpoint) as link:
        monkeypatch.setenv("AWS_ENDPOINT", link.url)
        store = open_store(ceph.address())
        link.on_the_way = lambda chunk: chunk.replace(b"\x10\x11\x12", b"\x10\x13\x12")
        for store_it in (store.put, store.replace):
            with pytest.raises(StoreFailed, match="XAmzContentSHA256Mismatch"):
                store_it(KEY, PART)
        assert store.get(KEY) is None
        link.on_the_way = lambda chunk: chunk
        assert store.put(KEY, PART) is Put.STORED


def test_a_bucket_that_is_not_there_is_no_empty_one(ceph: Ceph, store: Store) -> None:
    missing = open_store("s3://nowhere")
    for call in (lambda: missing.get(KEY), lambda: list(missing.list("")), lambda: missing.delete([KEY])):
        with pytest.raises(StoreFailed, match="bucket is not there"):
            call()
    with pytest.raises(StoreFailed, match="bucket is not there"):
        missing.put(KEY, b"x")
    with pytest.raises(StoreFailed, match="bucket is not there"):
        missing.prepare()


def test_a_bucket_that_keeps_versions_is_refused(ceph: Ceph, store: Store) -> None:
    store = open_store(ceph.new_bucket("versioned", versions=True))
    with pytest.raises(BucketKeepsVersions):
        store.prepare()


def test_wrong_credentials_are_told_and_not_repeated(ceph: Ceph, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another-secret")
    with pytest.raises(StoreFailed, match="403 SignatureDoesNotMatch") as raised:
        open_store(ceph.address()).put(KEY, b"x")
    assert "another-secret" not in str(raised.value)


def put_all(store: Store, names: list[str]) -> None:
    for name in names:
        store.put(name, b"x")


def test_a_full_bucket_says_so_and_takes_more_when_there_is_room(ceph: Ceph, store: Store) -> None:
    names = [f"films/a/parts/{number:05d}" for number in range(5)]
    ceph.limit(len(list(open_store("s3://films").list(""))) + 2)
    try:
        with pytest.raises(StoreFull, match="QuotaExceeded"):
            put_all(store, names)
        stored = list(store.list(""))
        assert stored == names[: len(stored)] != names
    finally:
        ceph.limit(None)
    assert store.put(names[-1], b"x") is Put.STORED


def test_a_store_that_hangs_is_told_while_a_kit_still_waits(ceph: Ceph, store: Store) -> None:
    def seconds(call: Callable[[], object]) -> float:
        begin = time.monotonic()
        with pytest.raises(StoreFailed, match="gives no answer"):
            call()
        return time.monotonic() - begin

    calls = (lambda: store.put(KEY, PART), lambda: store.replace("directory.jws", PART), lambda: store.get(KEY))
    ceph.osd.kill()
    try:
        with ThreadPoolExecutor(len(calls)) as threads:
            assert max(threads.map(seconds, calls)) < KITS_PATIENCE
    finally:
        ceph.osd.start()
        ceph.wait_until_ready()
    assert store.put(KEY, PART) in (Put.STORED, Put.SAME)
    assert store.get(KEY) == PART

"""What `companion_api.stores.store.Store` promises, for every adapter; for buckets also of a real engine, in a rig."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from obstore.store import MemoryStore

from companion_api.stores.cloud_store import CloudStore
from companion_api.stores.store import Put, Store
from companion_api.stores.store_address import open_store
from tests.rigs.ceph import Ceph

ADAPTERS = ["disk", "memory", pytest.param("ceph", marks=pytest.mark.rig)]
KEY = "films/a/parts/00000"


@pytest.fixture(params=ADAPTERS)
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    match request.param:
        case "disk":
            return open_store(str(tmp_path / "store"))
        case "memory":  # buckets' adapter, on obstore's own memory
            return CloudStore(MemoryStore())
        case _:
            ceph: Ceph = request.getfixturevalue("ceph")
            for name, value in ceph.environment.items():
                monkeypatch.setenv(name, value)
            return open_store(ceph.address())


def test_a_store_can_be_prepared_and_is_as_before(store: Store) -> None:
    store.put(KEY, b"x")
    for _ in range(2):
        store.prepare()
        assert list(store.list("")) == [KEY]


def test_an_object_is_stored_once(store: Store) -> None:
    data = b"bytes"
    assert store.get(KEY) is None
    assert store.put(KEY, data) is Put.STORED
    assert store.put(KEY, data) is Put.SAME
    assert store.put(KEY, b"other") is Put.DIFFERS
    assert store.put(KEY, b"") is Put.DIFFERS
    assert store.get(KEY) == data


def test_an_object_may_be_empty_and_large(store: Store) -> None:
    assert store.put("empty", b"") is Put.STORED
    assert store.put("large", bytes(5_000_000)) is Put.STORED
    assert store.get("empty") == b""
    assert store.get("large") == bytes(5_000_000)


def test_replace_takes_the_place_of_what_was_there(store: Store) -> None:
    for data in (b"one", b"two"):
        store.replace("directory.jws", data)
        assert store.get("directory.jws") == data


def test_names_are_listed_sorted_and_by_folder(store: Store) -> None:
    names = ["films/a/film.key", "films/a/parts/00000", "films/a/parts/00010", "films/ab/film.key", "directory.jws"]
    for name in [*names, "films/a.b"]:
        store.put(name, name.encode())
    assert list(store.list("films/a")) == names[:3]
    assert list(store.list("")) == sorted([*names, "films/a.b"])
    assert list(store.list("films/none")) == []


def test_what_is_deleted_is_gone_and_may_be_deleted_again(store: Store) -> None:
    for name in (KEY, "films/a/film.key", "films/b/film.key"):
        store.put(name, b"x")
    for _ in range(2):
        store.delete([KEY, "films/a/film.key", "films/never/was"])
        assert list(store.list("")) == ["films/b/film.key"]
    store.delete([])


def test_a_name_is_free_again_after_delete(store: Store) -> None:
    store.put(KEY, b"one")
    store.delete([KEY])
    assert store.put(KEY, b"two") is Put.STORED


@pytest.mark.parametrize("name", ["", "/a", "a/", "a//b", "../a", "a/../b", ".", "a/.b", "a\n", "A", "a\0", "ä"])
def test_a_name_that_could_lead_astray_is_refused(store: Store, name: str) -> None:
    with pytest.raises(ValueError, match="not the name of an object"):
        store.put(name, b"x")
    with pytest.raises(ValueError, match="not the name of an object"):
        store.get(name)


def test_of_eight_with_the_same_bytes_one_stores(store: Store) -> None:
    with ThreadPoolExecutor(8) as threads:
        for number in range(20):
            key = f"films/a/parts/{number:05d}"
            outcomes = list(threads.map(lambda _, key=key: store.put(key, b"same"), range(8)))
            assert sorted(outcome.name for outcome in outcomes) == ["SAME"] * 7 + ["STORED"]


def test_of_eight_with_different_bytes_one_wins(store: Store) -> None:
    with ThreadPoolExecutor(8) as threads:
        for number in range(20):
            key = f"films/a/parts/{number:05d}"
            outcomes = list(threads.map(lambda racer, key=key: store.put(key, b"%d" % racer), range(8)))
            assert sorted(outcome.name for outcome in outcomes) == ["DIFFERS"] * 7 + ["STORED"]
            assert store.get(key) == b"%d" % outcomes.index(Put.STORED)

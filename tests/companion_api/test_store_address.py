"""The address of a store, and what the environment adds to it."""

from pathlib import Path

import pytest

from companion_api.stores.cloud_store import CloudStore
from companion_api.stores.disk_store import DiskStore
from companion_api.stores.store import Put, StoreFailed
from companion_api.stores.store_address import AddressUnusable, open_store
from tests.companion_api.s3_lookalike import lookalike


@pytest.fixture(autouse=True)
def _no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AZURE_STORAGE_ACCOUNT_NAME", "AWS_ALLOW_HTTP"):
        monkeypatch.delenv(name, raising=False)


def test_a_folder_may_be_a_path_or_a_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "a store"
    for address in (str(folder), f"file://{tmp_path}/a%20store", f"file://localhost{tmp_path}/a%20store", "a store"):
        store = open_store(address)
        assert isinstance(store, DiskStore)
        store.put("film", b"x")
    assert (folder / "film").read_bytes() == b"x"


def test_a_bucket_may_have_a_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    with lookalike() as s3:
        for name, value in s3.environment.items():
            monkeypatch.setenv(name, value)
        assert open_store("s3://films/prefix").put("a", b"x") is Put.STORED
        assert open_store("s3://films/prefix/").put("a", b"x") is Put.SAME
    assert s3.objects == {"a": b"x"}


def test_other_providers_have_their_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "account")
    for address in ("az://container/prefix/x", "gs://bucket"):
        assert isinstance(open_store(address), CloudStore)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "s3://",
        "s3://key:secret@bucket",
        "s3://bucket?secret=1",
        "s3://bucket/../x",
        "s3://bucket//x",
        "s3://[bucket",
        "ftp://host/secret",
        "https://host/secret",
        "file://host/secret",
        "file:secret",
    ],
)
def test_what_is_no_address_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(AddressUnusable, match="Use a folder, s3://BUCKET") as raised:
        open_store(address)
    assert "secret" not in str(raised.value)


def test_what_lacks_in_the_environment_is_named() -> None:
    with pytest.raises(AddressUnusable, match="Check AZURE_STORAGE_ACCOUNT_NAME, AZURE_STORAGE_ACCOUNT_KEY"):
        open_store("az://container")


def test_without_leave_nothing_is_sent_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    with lookalike() as s3:
        for name, value in s3.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("AWS_ALLOW_HTTP")
        with pytest.raises(StoreFailed, match="gives no answer"):
            open_store("s3://films").put("a", b"x")
    assert s3.requests == []

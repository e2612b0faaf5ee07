"""The directory in force, and what IT publishes."""

import logging
from pathlib import Path

import pytest

from companion_api.published_directory import PublishedDirectory
from companion_api.stores.disk_store import DiskStore
from companion_api.stores.store import DIRECTORY, Put, StoreFull
from footage.directory import sign_directory
from footage.errors import DirectoryForged, DirectoryRolledBack, MessageMalformed
from footage.keys import new_key
from tests.companion_api.builders import Service
from tests.footage.builders import Agency

PATH = "/v1/directory"


def test_it_is_given_to_everybody_and_only_once(service: Service, agency: Agency) -> None:
    answer = service.send("GET", PATH)
    assert answer.text == service.directory_file.read_text()
    assert answer.headers["content-type"] == "application/jose"
    etag = answer.headers["etag"]
    for known in (etag, f'"other", W/{etag}', "*"):
        again = service.send("GET", PATH, {"if-none-match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    service.publish(agency.signed_directory(agency.directory(version=2)))
    answer = service.send("GET", PATH, {"if-none-match": etag})
    assert (answer.status_code, answer.text) == (200, service.directory_file.read_text())


def test_a_new_one_is_kept_in_the_store_before_it_is_served(service: Service, agency: Agency) -> None:
    new = agency.signed_directory(agency.directory(version=2))
    service.publish(new)
    service.send("GET", PATH)
    assert service.store.get(DIRECTORY) == new.encode()


def test_a_bad_new_one_changes_nothing_and_is_logged_once(
    service: Service, agency: Agency, caplog: pytest.LogCaptureFixture
) -> None:
    service.publish(agency.signed_directory(agency.directory(version=5)))
    good = service.send("GET", PATH).text
    bad = [
        agency.signed_directory(agency.directory(version=4)),
        sign_directory(agency.directory(version=9), new_key()),
        "rubbish",
        "",
        "\u00fc",
    ]
    for token in bad:
        caplog.clear()
        service.publish(token)
        assert [service.send("GET", PATH).text for _ in range(3)] == [good] * 3
        errors = [record.message for record in caplog.records if record.levelno == logging.ERROR]
        assert len(errors) == 1
        assert "the old one stays in force" in errors[0]
    service.directory_file.unlink()
    assert service.send("GET", PATH).text == good
    service.publish(agency.signed_directory(agency.directory(version=6)))
    assert service.send("GET", PATH).text != good


def test_a_new_one_that_cant_be_kept_is_tried_again(
    service: Service, agency: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: DiskStore, key: str, data: bytes) -> Put:
        raise StoreFull("no room")

    service.publish(agency.signed_directory(agency.directory(version=2)))
    with monkeypatch.context() as patched:
        patched.setattr(DiskStore, "replace", full)
        assert service.send("GET", PATH).status_code == 200
        assert service.directory.published.directory.version == 1
    service.send("GET", PATH)
    assert service.directory.published.directory.version == 2


def test_a_lower_one_is_refused_after_a_restart(tmp_path: Path, agency: Agency) -> None:
    store, file = DiskStore(tmp_path / "store"), tmp_path / "directory.jws"
    file.write_text(agency.signed_directory(agency.directory(version=2)) + "\n")
    PublishedDirectory(file, agency.root_thumbprint, store)
    file.write_text(agency.signed_directory(agency.directory(version=1)))
    with pytest.raises(DirectoryRolledBack):
        PublishedDirectory(file, agency.root_thumbprint, store)


def test_a_bad_one_is_refused_at_start(tmp_path: Path, agency: Agency) -> None:
    store, file = DiskStore(tmp_path / "store"), tmp_path / "directory.jws"
    file.write_text(sign_directory(agency.directory(), new_key()))
    with pytest.raises(DirectoryForged):
        PublishedDirectory(file, agency.root_thumbprint, store)
    file.write_text("rubbish")
    with pytest.raises(MessageMalformed):
        PublishedDirectory(file, agency.root_thumbprint, store)
    assert store.get(DIRECTORY) is None

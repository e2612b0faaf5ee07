import logging
from dataclasses import replace
from pathlib import Path

import pytest
from uvicorn.config import STARTUP_FAILURE

from companion_api.__main__ import parsed
from companion_api.commands.serve import open_in_worker
from companion_api.service import Exit
from companion_api.settings import Settings
from footage.keys import key_to_pem
from tests.footage.builders import Agency


@pytest.fixture
def settings(tmp_path: Path, agency: Agency) -> Settings:
    directory, receipt_key = tmp_path / "directory.jws", tmp_path / "receipt.pem"
    directory.write_text(agency.signed_directory())
    receipt_key.write_bytes(key_to_pem(agency.receipt_key))
    given = {"DATA": tmp_path, "RECEIPT_KEY": receipt_key, "DIRECTORY": directory, "ROOT": agency.root_thumbprint}
    return parsed(["serve"], {f"COMPANION_API_{name}": str(value) for name, value in given.items()})[0]


def test_a_worker_that_can_not_start_says_why_and_ends_so_that_another_one_tries(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR), pytest.raises(SystemExit) as end:
        open_in_worker(replace(settings, receipt_key=settings.data / "none"))
    assert end.value.code == Exit.KEY_UNREADABLE
    assert end.value.code != STARTUP_FAILURE, "at which uvicorn would end the whole service"
    (line,) = caplog.messages
    assert line.startswith("a worker can't start, and another one tries: The receipt key")


def test_a_worker_that_can_start_has_the_service(settings: Settings) -> None:
    app = open_in_worker(settings)
    app.state.agency.storage.shutdown()
    app.state.agency.archive.database.close()
    assert app.title == "Attune Kit companion API"

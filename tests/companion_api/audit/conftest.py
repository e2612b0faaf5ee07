from collections.abc import Iterator
from pathlib import Path

import pytest

from companion_api.database.database import Database
from companion_api.database.migration import migrate
from tests.companion_api.builders import sqlite


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(sqlite(tmp_path / "c.sqlite3"))
    migrate(database)
    yield database
    database.close()

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from companion_api.database import tables
from companion_api.database.database import METADATA, Database
from companion_api.database.migration import DatabaseNewer, migrate, revision
from tests.companion_api.builders import sqlite


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(sqlite(tmp_path / "c.sqlite3"))


def test_migrated_tables_are_the_declared_ones(database: Database) -> None:
    migrate(database)
    assert tables.DECLARED_BY
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_migrating_again_changes_nothing(database: Database) -> None:
    with database.reading() as connection:
        assert revision(connection) is None
    migrate(database)
    with database.reading() as connection:
        first = revision(connection)
    migrate(database)
    with database.reading() as connection:
        assert revision(connection) == first is not None


def test_a_database_of_a_newer_version_is_left_alone(database: Database) -> None:
    migrate(database)
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(DatabaseNewer, match="Install a newer companion-api"):
        migrate(database)

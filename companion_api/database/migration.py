"""Bringing a database to the schema of this version, by Alembic. Repeating it changes nothing."""

import logging

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from companion_api.database.database import Database
from companion_api.stores.store import StoreFailed

_log = logging.getLogger(__name__)
_LOCK = 0x41747475  # "Attu": PostgreSQL's advisory lock, so that of many workers one migrates


class DatabaseNewer(StoreFailed):
    """The database was migrated by a newer version of the service."""


def migrate(database: Database) -> None:
    """Create or upgrade all tables, in one transaction. Raises `DatabaseNewer`, `StoreFull`, `StoreFailed`."""
    config = Config()
    config.set_main_option("script_location", "companion_api.database:migrations")
    scripts = ScriptDirectory.from_config(config)
    newest = scripts.get_current_head()
    with database.writing() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        before = revision(connection)
        if before == newest:
            return
        if before is not None and before not in {script.revision for script in scripts.walk_revisions()}:
            raise DatabaseNewer(
                f"The database has the form {before}, which this version does not know. Install a newer companion-api."
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    if before is not None:
        _log.info("the database has now the form %s (before: %s)", newest, before)


def revision(connection: Connection) -> str | None:
    """Return which migration was the last, or None for an empty database."""
    return MigrationContext.configure(connection).get_current_revision()

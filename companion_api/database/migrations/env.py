"""Run by Alembic for `companion_api.database.migration`, which hands in the connection."""

from alembic import context

from companion_api.database.database import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,  # SQLite can't alter a table otherwise
    transactional_ddl=False,  # the caller's transaction holds all of it
)
context.run_migrations()

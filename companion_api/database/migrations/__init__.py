"""Alembic's scripts: one file a step, never changed after it was released."""

"""Erasures, legal holds, and the terms that directories set. What was taken back before is an erasure to be done."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "erasures",
        sa.Column("film", sa.String(36), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("decided_by", sa.String(96), nullable=False),
        sa.Column("decided_at", sa.String(20), nullable=False),
        sa.Column("begun_at", sa.String(20)),
        sa.Column("film_key", sa.Boolean, nullable=False),
        sa.Column("manifest_sha256", sa.String(64)),
        sa.Column("parts", sa.Integer, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("filmed_at", sa.String(20)),
        sa.Column("duration_ms", sa.Integer),
        sa.Column("done_at", sa.String(20)),
        sa.Column("swept_at", sa.String(20)),
        sa.PrimaryKeyConstraint("film", name="pk_erasures"),
        sa.ForeignKeyConstraint(["film"], ["films.film"], name="fk_erasures_film"),
    )
    op.create_table(
        "holds",
        sa.Column("hold", sa.String(36), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("reference", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("asked_by", sa.String(96), nullable=False),
        sa.Column("asked_at", sa.String(20), nullable=False),
        sa.Column("confirmed_by", sa.String(96)),
        sa.Column("confirmed_at", sa.String(20)),
        sa.Column("release_asked_by", sa.String(96)),
        sa.Column("release_asked_at", sa.String(20)),
        sa.Column("released_by", sa.String(96)),
        sa.Column("released_at", sa.String(20)),
        sa.PrimaryKeyConstraint("hold", name="pk_holds"),
    )
    op.create_index("ix_holds_subject", "holds", ["subject"])
    op.create_table(
        "terms",
        sa.Column("directory_version", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("since", sa.String(20), nullable=False),
        sa.Column("erase_after_days", sa.Integer, nullable=False),
        sa.Column("max_age_days", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("directory_version", name="pk_terms"),
    )
    op.execute(
        "INSERT INTO erasures (film, reason, decided_by, decided_at, begun_at, film_key, parts, bytes) "
        "SELECT film, 'taken back', 'kit:' || kit, taken_back_at, taken_back_at, false, 0, 0 "
        "FROM films WHERE state = 'taken back'"
    )

"""Scrubs, and the faults that they found."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "faults",
        sa.Column("object", sa.Text, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("film", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("found_at", sa.String(20), nullable=False),
        sa.Column("seen_at", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("object", "kind", name="pk_faults"),
    )
    op.create_index("ix_faults_film", "faults", ["film"])
    op.create_table(
        "scrubs",
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("began_at", sa.String(20), nullable=False),
        sa.Column("ended_at", sa.String(20)),
        sa.Column("reached", sa.Text, nullable=False),
        sa.Column("films", sa.BigInteger, nullable=False),
        sa.Column("objects", sa.BigInteger, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_scrubs"),
    )

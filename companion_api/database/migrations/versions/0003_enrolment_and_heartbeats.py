"""Enrolments of kits, and the newest heartbeat of each."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "enrolments",
        sa.Column("kit", sa.String(63), nullable=False),
        sa.Column("token_sha256", sa.String(64), nullable=False),
        sa.Column("made_at", sa.String(20), nullable=False),
        sa.Column("made_by", sa.String(96), nullable=False),
        sa.Column("expires_at", sa.String(20), nullable=False),
        sa.Column("used_at", sa.String(20)),
        sa.Column("key", sa.Text),
        sa.PrimaryKeyConstraint("kit", name="pk_enrolments"),
        sa.UniqueConstraint("token_sha256", name="uq_enrolments_token_sha256"),
    )
    op.create_table(
        "heartbeats",
        sa.Column("kit", sa.String(63), nullable=False),
        sa.Column("last_seen", sa.String(20), nullable=False),
        sa.Column("session", sa.BigInteger, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("heartbeat", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("kit", name="pk_heartbeats"),
    )

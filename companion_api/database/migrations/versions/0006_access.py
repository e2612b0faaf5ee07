"""Who may do what with which film: members of cases, holders of kits, shares, requests for admission."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "film_descriptions",
        sa.Column("film", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("filmed_at", sa.String(20)),
        sa.Column("duration_ms", sa.BigInteger, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("film", name="pk_film_descriptions"),
        sa.ForeignKeyConstraint(["film"], ["films.film"], name="fk_film_descriptions_film"),
    )
    op.create_table(
        "case_members",
        sa.Column("case", sa.String(32), nullable=False),
        sa.Column("account", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("case", "account", name="pk_case_members"),
        sa.ForeignKeyConstraint(["case"], ["cases.case"], name="fk_case_members_case"),
        sa.ForeignKeyConstraint(["account"], ["accounts.account"], name="fk_case_members_account"),
    )
    op.create_table(
        "kit_holders",
        sa.Column("kit", sa.String(63), nullable=False),
        sa.Column("held_from", sa.String(20), nullable=False),
        sa.Column("account", sa.String(36)),
        sa.PrimaryKeyConstraint("kit", "held_from", name="pk_kit_holders"),
        sa.ForeignKeyConstraint(["account"], ["accounts.account"], name="fk_kit_holders_account"),
    )
    op.create_table(
        "grants",
        sa.Column("film", sa.String(36), nullable=False),
        sa.Column("account", sa.String(36), nullable=False),
        sa.Column("granted_by", sa.String(36), nullable=False),
        sa.Column("granted_at", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("expires_at", sa.String(20), nullable=False),
        sa.Column("revoked_at", sa.String(20)),
        sa.Column("wrapped_key", sa.LargeBinary),
        sa.PrimaryKeyConstraint("film", "account", name="pk_grants"),
        sa.ForeignKeyConstraint(["film"], ["films.film"], name="fk_grants_film"),
        sa.ForeignKeyConstraint(["account"], ["accounts.account"], name="fk_grants_account"),
        sa.ForeignKeyConstraint(["granted_by"], ["accounts.account"], name="fk_grants_granted_by"),
    )
    op.create_table(
        "admissions",
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("account", sa.String(36), nullable=False),
        sa.Column("requested_at", sa.String(20), nullable=False),
        sa.Column("withdrawn_at", sa.String(20)),
        sa.Column("refused_at", sa.String(20)),
        sa.PrimaryKeyConstraint("fingerprint", name="pk_admissions"),
        sa.ForeignKeyConstraint(["account"], ["accounts.account"], name="fk_admissions_account"),
    )
    for table in ("case_members", "kit_holders", "grants", "admissions"):
        op.create_index(f"ix_{table}_account", table, ["account"])
    op.create_index("ix_films_received_at", "films", ["received_at", "film"])

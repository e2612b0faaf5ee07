"""Accounts of staff, and by what they sign in: sessions, invitations, passkeys, links to a provider, ceremonies."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "accounts",
        sa.Column("account", sa.String(36), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("roles", sa.String(128), nullable=False),
        sa.Column("created_at", sa.String(20), nullable=False),
        sa.Column("deactivated_at", sa.String(20)),
        sa.PrimaryKeyConstraint("account", name="pk_accounts"),
    )
    op.create_table(
        "staff_sessions",
        sa.Column("session", sa.String(36), nullable=False),
        sa.Column("token_sha256", sa.String(64), nullable=False),
        sa.Column("account", sa.String(36), nullable=False),
        sa.Column("created_at", sa.String(20), nullable=False),
        sa.Column("used_at", sa.String(20), nullable=False),
        sa.Column("expires_at", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("session", name="pk_staff_sessions"),
        sa.UniqueConstraint("token_sha256", name="uq_staff_sessions_token_sha256"),
        sa.ForeignKeyConstraint(["account"], ["accounts.account"], name="fk_staff_sessions_account"),
    )
    op.create_index("ix_staff_sessions_account", "staff_sessions", ["account"])
    op.create_table(
        "invitations",
        sa.Column("account", sa.String(36), nullable=False),
        sa.Column("token_sha256", sa.String(64), nullable=False),
        sa.Column("expires_at", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("account", name="pk_invitations"),
        sa.UniqueConstraint("token_sha256", name="uq_invitations_token_sha256"),
        sa.ForeignKeyConstraint(["account"], ["accounts.account"], name="fk_invitations_account"),
    )
    op.create_table(
        "passkeys",
        sa.Column("credential", sa.String(1364), nullable=False),
        sa.Column("account", sa.String(36), nullable=False),
        sa.Column("name", sa.String(50), nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.String(20), nullable=False),
        sa.Column("used_at", sa.String(20)),
        sa.PrimaryKeyConstraint("credential", name="pk_passkeys"),
        sa.ForeignKeyConstraint(["account"], ["accounts.account"], name="fk_passkeys_account"),
    )
    op.create_index("ix_passkeys_account", "passkeys", ["account"])
    op.create_table(
        "provider_links",
        sa.Column("issuer", sa.String(255), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("account", sa.String(36), nullable=False),
        sa.Column("linked_at", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("issuer", "subject", name="pk_provider_links"),
        sa.UniqueConstraint("account", name="uq_provider_links_account"),
        sa.ForeignKeyConstraint(["account"], ["accounts.account"], name="fk_provider_links_account"),
    )
    op.create_table(
        "spent_ceremonies",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("expires_at", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_spent_ceremonies"),
    )

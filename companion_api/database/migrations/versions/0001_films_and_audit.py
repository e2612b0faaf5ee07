"""Cases, films, parts, and the audit trail."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_REFUSAL = "the audit trail is append-only"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "cases",
        sa.Column("case", sa.String(32), nullable=False),
        sa.Column("opened_at", sa.String(20), nullable=False),
        sa.Column("ended_at", sa.String(20)),
        sa.PrimaryKeyConstraint("case", name="pk_cases"),
    )
    op.create_table(
        "films",
        sa.Column("film", sa.String(36), nullable=False),
        sa.Column("kit", sa.String(63), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("key_sha256", sa.String(64)),
        sa.Column("manifest_sha256", sa.String(64)),
        sa.Column("received_at", sa.String(20), nullable=False),
        sa.Column("closed_at", sa.String(20)),
        sa.Column("erased_at", sa.String(20)),
        sa.Column("taken_back_at", sa.String(20)),
        sa.Column("case", sa.String(32)),
        sa.PrimaryKeyConstraint("film", name="pk_films"),
        sa.ForeignKeyConstraint(["case"], ["cases.case"], name="fk_films_case"),
    )
    op.create_index("ix_films_case", "films", ["case"])
    op.create_index("ix_films_state", "films", ["state"])
    op.create_table(
        "parts",
        sa.Column("film", sa.String(36), nullable=False),
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("film", "number", name="pk_parts"),
        sa.ForeignKeyConstraint(["film"], ["films.film"], name="fk_parts_film"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "audit",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), autoincrement=False, nullable=False),
        sa.Column("at", sa.String(20), nullable=False),
        sa.Column("actor", sa.String(96), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(128), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit"),
    )
    op.create_index("ix_audit_subject", "audit", ["subject"])
    for statement in _TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement)


_TRIGGERS = {
    "sqlite": [
        f"CREATE TRIGGER audit_{action.lower()} BEFORE {action} ON audit BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
        for action in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        f"CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$",
        "CREATE TRIGGER audit_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()",
    ],
}

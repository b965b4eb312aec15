"""A settlement may be cancelled, which frees its windows.

Revision ID: 0004
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let a pending settlement end as cancelled, and its windows be bound anew."""
    _let_settlements_be_cancelled()
    _guard_settlements()
    _guard_binding()


def _let_settlements_be_cancelled() -> None:
    op.execute(
        """
        ALTER TABLE settlements
            ADD COLUMN cancelled_at timestamptz,
            ADD COLUMN freed_window_ids text[],
            DROP CONSTRAINT ck_settlements_state,
            ADD CONSTRAINT ck_settlements_state
                CHECK (state IN ('pending', 'settling', 'settled', 'cancelled')),
            ADD CONSTRAINT ck_settlements_cancelled
                CHECK ((state = 'cancelled') = (cancelled_at IS NOT NULL)
                    AND (state = 'cancelled') = (freed_window_ids IS NOT NULL))
        """
    )


def _guard_settlements() -> None:
    """Settled and cancelled are final; only what is pending can be cancelled."""
    op.execute("DROP TRIGGER settlements_final ON settlements")
    for name, condition, reason in (
        ("final", "OLD.state IN ('settled', 'cancelled')", "a settlement is final"),
        (
            "steps",
            "NEW.state = 'cancelled' AND OLD.state <> 'pending'",
            "only a pending settlement is cancelled",
        ),
    ):
        op.execute(
            f"CREATE TRIGGER settlements_{name} BEFORE UPDATE ON settlements "
            f"FOR EACH ROW WHEN ({condition}) "
            f"EXECUTE FUNCTION refuse_transfer_change('{reason}')"
        )
        op.execute(f"ALTER TABLE settlements ENABLE ALWAYS TRIGGER settlements_{name}")


def _guard_binding() -> None:
    """A window is bound to a pending settlement, and let go by a cancelled one only."""
    op.execute(
        """
        CREATE FUNCTION guard_window_binding() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF (OLD.state, NEW.state) <> ('closed', 'closed') OR NOT EXISTS (
                SELECT FROM settlements AS s
                WHERE OLD.settlement_id IS NULL
                    AND s.id = NEW.settlement_id AND s.state = 'pending'
                UNION ALL
                SELECT FROM settlements AS s
                WHERE NEW.settlement_id IS NULL
                    AND s.id = OLD.settlement_id AND s.state = 'cancelled'
                    AND NEW.id = ANY (s.freed_window_ids)
            ) THEN
                RAISE EXCEPTION 'window % cannot go from settlement % to %',
                    OLD.id, OLD.settlement_id, NEW.settlement_id
                    USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER settlement_windows_binding BEFORE UPDATE ON settlement_windows "
        "FOR EACH ROW "
        "WHEN (OLD.settlement_id IS DISTINCT FROM NEW.settlement_id) "
        "EXECUTE FUNCTION guard_window_binding()"
    )
    op.execute(
        "ALTER TABLE settlement_windows ENABLE ALWAYS TRIGGER "
        "settlement_windows_binding"
    )

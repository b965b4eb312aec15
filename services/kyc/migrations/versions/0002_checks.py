"""Checks: settings, consents, questions to vendors, and what was found."""

from __future__ import annotations

from alembic import op as _op
from alembic.operations import Operations

from services.shared.persistence import roles

revision = "0002_checks"
down_revision = "0001"
branch_labels = None
depends_on = None

op: Operations = _op  # type: ignore[assignment]  # the module is a proxy of one


def upgrade() -> None:
    """Create the tables, the tenants' walls and the rights."""
    _settings()
    _checks()
    _consents()
    _calls()
    _parts()


def _settings() -> None:
    op.execute(
        """
        CREATE TABLE check_settings (
            cooperative_id text NOT NULL,
            name_pass integer NOT NULL,
            name_review integer NOT NULL,
            face_pass integer NOT NULL,
            face_review integer NOT NULL,
            are_photos_required boolean NOT NULL,
            CONSTRAINT pk_check_settings PRIMARY KEY (cooperative_id),
            CONSTRAINT ck_check_settings_name CHECK (
                0 <= name_review AND name_review <= name_pass AND name_pass <= 100),
            CONSTRAINT ck_check_settings_face CHECK (
                0 <= face_review AND face_review <= face_pass AND face_pass <= 100)
        )
        """
    )
    roles.enable_row_level_security(op, "check_settings")
    roles.grant(op, "check_settings", tenant="SELECT, INSERT, UPDATE")


def _checks() -> None:
    op.execute(
        """
        CREATE TABLE checks (
            id text NOT NULL,
            cooperative_id text NOT NULL,
            member_id text NOT NULL,
            feature text NOT NULL,
            request_id text NOT NULL,
            request_hash text NOT NULL,
            reference text,
            applied_amount bigint NOT NULL,
            status text NOT NULL,
            assessed text,
            result text,
            fault text,
            fee_id text,
            fee_amount bigint,
            refund_id text,
            requested_by text NOT NULL,
            requested_at timestamptz NOT NULL,
            finished_at timestamptz,
            reviewed_by text,
            review_reason text,
            reviewed_at timestamptz,
            attempts integer NOT NULL,
            due_at timestamptz,
            CONSTRAINT pk_checks PRIMARY KEY (id),
            CONSTRAINT uq_checks_cooperative_id_id UNIQUE (cooperative_id, id),
            CONSTRAINT uq_checks_cooperative_id_request_id
                UNIQUE (cooperative_id, request_id),
            CONSTRAINT ck_checks_feature CHECK (feature IN ('ekyc', 'skoring')),
            CONSTRAINT ck_checks_applied_amount CHECK (
                applied_amount > 0
                AND (feature = 'ekyc') = (applied_amount <= 10000000)),
            CONSTRAINT ck_checks_status CHECK (status IN (
                'requested', 'charged', 'checking', 'done', 'refunding', 'failed',
                'refused')),
            CONSTRAINT ck_checks_assessed
                CHECK (assessed IN ('LOLOS', 'TINJAU', 'GAGAL')),
            CONSTRAINT ck_checks_result CHECK (result IN ('LOLOS', 'TINJAU', 'GAGAL')),
            CONSTRAINT ck_checks_done CHECK (
                (status = 'done') = (result IS NOT NULL)
                AND (result IS NULL) = (assessed IS NULL)),
            CONSTRAINT ck_checks_reviewed CHECK (
                result = assessed
                OR (assessed = 'TINJAU' AND reviewed_by IS NOT NULL)),
            CONSTRAINT ck_checks_reviewed_by CHECK (
                (reviewed_by IS NULL) = (review_reason IS NULL)
                AND (reviewed_by IS NULL) = (reviewed_at IS NULL)
                AND reviewed_by <> requested_by),
            CONSTRAINT ck_checks_charged CHECK (
                (status IN ('charged', 'checking', 'refunding', 'failed'))
                <= (fee_id IS NOT NULL)),
            CONSTRAINT ck_checks_fee_amount CHECK (
                (fee_id IS NULL) = (fee_amount IS NULL) AND fee_amount >= 0),
            CONSTRAINT ck_checks_refund_id
                CHECK ((status = 'failed') = (refund_id IS NOT NULL)),
            CONSTRAINT ck_checks_fault CHECK (
                (status IN ('refunding', 'failed', 'refused')) = (fault IS NOT NULL)),
            CONSTRAINT ck_checks_finished_at CHECK (
                (status IN ('done', 'failed', 'refused')) = (finished_at IS NOT NULL)
                AND (finished_at IS NULL) = (due_at IS NOT NULL)),
            CONSTRAINT ck_checks_attempts CHECK (attempts >= 0)
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_checks_member_id ON checks (cooperative_id, member_id, id)"
    )
    op.execute(
        "CREATE INDEX ix_checks_due_at ON checks (due_at) WHERE due_at IS NOT NULL"
    )
    roles.enable_row_level_security(op, "checks")
    roles.grant(
        op,
        "checks",
        tenant="SELECT, INSERT, UPDATE (status, assessed, result, fault, fee_id, "
        "fee_amount, refund_id, finished_at, reviewed_by, review_reason, "
        "reviewed_at, attempts, due_at)",
        hub="SELECT, UPDATE (attempts, due_at)",
    )


def _consents() -> None:
    op.execute(
        """
        CREATE TABLE consents (
            id text NOT NULL,
            cooperative_id text NOT NULL,
            check_id text NOT NULL,
            member_id text NOT NULL,
            given_at timestamptz NOT NULL,
            text_version text NOT NULL,
            given_by text NOT NULL,
            recorded_by text NOT NULL,
            recorded_at timestamptz NOT NULL,
            CONSTRAINT pk_consents PRIMARY KEY (id),
            CONSTRAINT uq_consents_check_id UNIQUE (cooperative_id, check_id),
            CONSTRAINT fk_consents_check_id FOREIGN KEY (cooperative_id, check_id)
                REFERENCES checks (cooperative_id, id)
        )
        """
    )
    roles.enable_row_level_security(op, "consents")
    roles.grant(op, "consents", tenant="SELECT, INSERT")
    roles.append_only(op, "consents")


def _calls() -> None:
    op.execute(
        """
        CREATE TABLE vendor_calls (
            id text NOT NULL,
            cooperative_id text NOT NULL,
            check_id text NOT NULL,
            kind text NOT NULL,
            vendor text NOT NULL,
            asked_at timestamptz NOT NULL,
            answer bytea,
            answered_at timestamptz,
            fault text,
            CONSTRAINT pk_vendor_calls PRIMARY KEY (id),
            CONSTRAINT uq_vendor_calls_check_id_kind
                UNIQUE (cooperative_id, check_id, kind),
            CONSTRAINT fk_vendor_calls_check_id
                FOREIGN KEY (cooperative_id, check_id)
                REFERENCES checks (cooperative_id, id),
            CONSTRAINT ck_vendor_calls_kind CHECK (kind IN ('dukcapil', 'income')),
            CONSTRAINT ck_vendor_calls_answered_at
                CHECK ((answer IS NULL) = (answered_at IS NULL)),
            CONSTRAINT ck_vendor_calls_fault CHECK (answer IS NULL OR fault IS NULL)
        )
        """
    )
    roles.enable_row_level_security(op, "vendor_calls")
    roles.grant(
        op,
        "vendor_calls",
        tenant="SELECT, INSERT, UPDATE (answer, answered_at, fault)",
        hub="SELECT",
    )


def _parts() -> None:
    op.execute(
        """
        CREATE TABLE check_parts (
            check_id text NOT NULL,
            kind text NOT NULL,
            cooperative_id text NOT NULL,
            position integer NOT NULL,
            result text NOT NULL,
            score integer,
            detail bytea NOT NULL,
            CONSTRAINT pk_check_parts PRIMARY KEY (check_id, kind),
            CONSTRAINT fk_check_parts_check_id
                FOREIGN KEY (cooperative_id, check_id)
                REFERENCES checks (cooperative_id, id),
            CONSTRAINT ck_check_parts_kind
                CHECK (kind IN ('ektp', 'dukcapil', 'income', 'slik')),
            CONSTRAINT ck_check_parts_result
                CHECK (result IN ('LOLOS', 'TINJAU', 'GAGAL')),
            CONSTRAINT ck_check_parts_score CHECK (score BETWEEN 0 AND 100),
            CONSTRAINT ck_check_parts_position CHECK (position BETWEEN 1 AND 4)
        )
        """
    )
    roles.enable_row_level_security(op, "check_parts")
    # What was found stays; only a new key makes the detail anew.
    roles.grant(op, "check_parts", tenant="SELECT, INSERT, UPDATE (detail)")

"""The counter: cash drawers, the shifts of tellers, and slips.

| entrypoint | rule | command | result |
|---|---|---|---|
| `get_counter_settings` | cash:read | `{}` | `CounterSettings` |
| `put_counter_settings` | cooperative:write | `CounterSettingsBody` | its settings |
| `create_drawer` | branches:write, approvals:write | `CreateDrawer` | `Drawer` |
| `list_drawers` | cash:read | `ListDrawers` | `DrawerPage` |
| `open_shift` | cash:write | `OpenShift` | `Shift` |
| `move_cash` | cash:write | `MoveCash` | `Slip` |
| `count_shift` | cash:write | `CountShift` | `Shift` |
| `accept_count` | approvals:write | `AcceptCount` | `Shift` |
| `return_count` | approvals:write | `ReturnCount` | `Shift` |
| `get_shift` | cash:read | `GetShift` | `Shift` or a file |
| `list_shifts` | cash:read | `ListShifts` | `ShiftPage` |
| `get_slip` | accounts:read, cash:read | `GetSlip` | `Slip` or a file |

Amounts are whole rupiah. What the ledger refuses is refused with its errors.
"""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from services.shared.contracts import files
from services.shared.contracts.fields import (
    AMOUNT_MAX,
    AmountField,
    FlagField,
    UtcField,
    text,
)
from services.shared.contracts.idempotency import IdempotencySchema
from services.shared.contracts.members import Command, Page, identifier, name_field
from services.shared.errors import ConflictError, RefusedError

SHIFT_STATUSES: Final = ("opening", "open", "counted", "closing", "closed", "refused")
DIRECTIONS: Final = ("in", "out")
DENOMINATIONS: Final = (
    100_000,
    75_000,
    50_000,
    20_000,
    10_000,
    5_000,
    2_000,
    1_000,
    500,
    200,
    100,
    50,
)
"""Notes and coins in circulation."""

PIECES_MAX: Final = 1_000_000


class DrawerNameTaken(ConflictError):
    """Another drawer of the cooperative has this name."""

    code = "drawer_name_taken"


class DrawerInUse(ConflictError):
    """The drawer has a shift that is not closed yet."""

    code = "drawer_in_use"


class TellerHasShift(ConflictError):
    """The teller answers for another drawer, whose shift is not closed yet."""

    code = "teller_has_shift"


class ShiftNotOpen(ConflictError):
    """The shift is not in the state that this needs."""

    code = "shift_not_open"


class ShiftBusy(ConflictError):
    """A movement through the drawer is still under way; try again in a moment."""

    code = "shift_busy"


class NotYourShift(ConflictError):
    """Only the teller of the shift may do this."""

    code = "not_your_shift"


class DrawerNotOpen(RefusedError):
    """The cooperative takes and pays cash through drawers: open a shift first."""

    code = "drawer_not_open"


class DrawerShort(RefusedError):
    """There is not enough cash in the drawer for this."""

    code = "drawer_short"


class CountMismatch(RefusedError):
    """The notes and coins do not add up to the amount counted."""

    code = "count_mismatch"


class BranchNotOpen(RefusedError):
    """The branch is not one of the cooperative's open branches."""

    code = "branch_not_open"


def _rupiah(description: str, *, example: int = 0) -> fields.Integer:
    return fields.Integer(
        required=True,
        strict=True,
        allow_none=True,
        metadata={"description": description, "example": example},
    )


# Settings


class CounterSettingsBody(Schema):
    """How the counter works: whether drawers are required, and from what on a PIN."""

    drawer_required = FlagField(
        required=True,
        metadata={
            "description": "Whether people take and pay cash only through a drawer.",
            "example": True,
        },
    )
    step_up_amount = AmountField(
        load_default=None,
        allow_none=True,
        metadata={
            "description": "From this amount on a fresh second factor is asked for; "
            "null is never.",
            "example": 25_000_000,
        },
    )


class CounterSettings(Schema):
    """How the counter of a cooperative works."""

    drawer_required = fields.Boolean(required=True)
    step_up_amount = fields.Integer(required=True, allow_none=True)


# Drawers


class DrawerBody(Schema):
    """A new drawer, in a branch or at the head office."""

    name = name_field("Laci 1")
    branch_id = text(
        longest=100,
        load_default=None,
        allow_none=True,
        metadata={"example": None},
    )


class CreateDrawer(DrawerBody, Command):
    """A drawer that tellers can open shifts with."""


class ListDrawers(Page):
    """The drawers of the caller's cooperative."""


class Drawer(Schema):
    """A drawer, and what the books say is in it."""

    id = identifier("drw_01jd8x")
    name = fields.String(required=True, metadata={"example": "Laci 1"})
    branch_id = fields.String(required=True, allow_none=True)
    balance = fields.Integer(required=True, strict=True)


class DrawerPage(Schema):
    """Drawers in the order they were made."""

    items = fields.List(fields.Nested(Drawer), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


# Shifts


class ShiftBody(Schema):
    """A teller who begins: with which drawer, and how much out of the vault."""

    drawer_id = identifier("drw_01jd8x")
    float_amount = AmountField(
        minimum=0,
        required=True,
        metadata={"description": "Cash taken out of the vault.", "example": 2_000_000},
    )


class OpenShift(ShiftBody):
    """A shift of the caller, once per idempotency key."""

    idempotency = fields.Nested(IdempotencySchema, required=True)


class ShiftCommand(Schema):
    """Something about one shift."""

    shift_id = identifier("shf_01jd8x")


class GetShift(ShiftCommand):
    """One shift, as JSON or as the record of its count."""

    format = files.format_field(files.PDF)


class ShiftQuery(Schema):
    """In which form a shift is wanted."""

    format = files.format_field(files.PDF)


class MoveCashBody(Schema):
    """Cash between vault and drawer in the middle of a shift."""

    direction = fields.String(
        required=True,
        validate=validate.OneOf(DIRECTIONS),
        metadata={"description": "`in` is into the drawer.", "example": "out"},
    )
    amount = AmountField(required=True, metadata={"example": 5_000_000})


class MoveCash(MoveCashBody, ShiftCommand):
    """Cash moved once per idempotency key."""

    idempotency = fields.Nested(IdempotencySchema, required=True)


class Denomination(Schema):
    """How many notes or coins of one value."""

    value = fields.Integer(
        required=True,
        strict=True,
        validate=validate.OneOf(DENOMINATIONS),
        metadata={"example": 50_000},
    )
    pieces = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(min=1, max=PIECES_MAX),
        metadata={"example": 39},
    )


class CountBody(Schema):
    """What the teller has counted, if wanted note by note."""

    counted_amount = AmountField(
        minimum=0, required=True, metadata={"example": 1_950_000}
    )
    denominations = fields.List(
        fields.Nested(Denomination),
        load_default=list,
        validate=validate.Length(max=len(DENOMINATIONS)),
    )
    note = text(
        longest=500,
        load_default=None,
        allow_none=True,
        metadata={"example": "Selisih dicari di rekap siang."},
    )


class CountShift(CountBody, ShiftCommand, Command):
    """The count that ends a shift; corrected until somebody has decided."""


class AcceptCount(ShiftCommand, Command):
    """A count that somebody else has compared with the cash and accepts."""


class ReturnCountBody(Schema):
    """Why the teller has to count again."""

    reason = text(
        longest=500, required=True, metadata={"example": "Hitung ulang lembar 50.000."}
    )


class ReturnCount(ReturnCountBody, ShiftCommand, Command):
    """A count that is sent back; the shift goes on."""


class CountedNotes(Schema):
    """Notes and coins as counted."""

    value = fields.Integer(required=True)
    pieces = fields.Integer(required=True)


class Shift(Schema):
    """A shift: `variance` is counted less expected, null before the count."""

    id = identifier("shf_01jd8x")
    drawer_id = identifier("drw_01jd8x")
    teller = identifier("usr_01jd8x")
    status = fields.String(required=True, validate=validate.OneOf(SHIFT_STATUSES))
    float_amount = _rupiah("What was taken out of the vault at first.")
    counted_amount = _rupiah("What the teller has counted.")
    expected_amount = _rupiah("What the books say must be in the drawer.")
    variance = _rupiah("Counted less expected; negative is a shortage.")
    denominations = fields.List(fields.Nested(CountedNotes), required=True)
    note = fields.String(required=True, allow_none=True)
    approver = fields.String(required=True, allow_none=True)
    opened_at = UtcField(required=True)
    counted_at = UtcField(required=True, allow_none=True)
    closed_at = UtcField(required=True, allow_none=True)


class ListShifts(Page):
    """The shifts of the caller's cooperative, the newest first."""

    status = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(SHIFT_STATUSES)
    )


class ShiftPage(Schema):
    """Shifts, the newest first."""

    items = fields.List(fields.Nested(Shift), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


# Slips


class SlipQuery(Schema):
    """In which form a slip is wanted."""

    format = files.format_field(files.PDF)


class GetSlip(SlipQuery):
    """The slip of one journal, on one account if its number is given."""

    number = text(longest=100, load_default=None, allow_none=True)
    journal_id = identifier("jrn_4f1c")


class Slip(Schema):
    """What the counter gives for money that moved."""

    number = fields.String(required=True, metadata={"example": "SLIP/2026/11/7"})
    kind = fields.String(required=True, metadata={"example": "deposit"})
    journal_id = identifier("jrn_4f1c")
    account = fields.String(required=True, metadata={"example": "0101100000000017"})
    owner_name = fields.String(
        required=True, allow_none=True, metadata={"example": "Budi Santoso"}
    )
    amount = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(min=1, max=AMOUNT_MAX),
        metadata={"example": 500_000},
    )
    terbilang = fields.String(
        required=True, metadata={"example": "lima ratus ribu rupiah"}
    )
    description = fields.String(required=True, metadata={"example": "Setoran tunai"})
    channel = fields.String(required=True, metadata={"example": "cash"})
    reference = fields.String(required=True, allow_none=True)
    balance = fields.Integer(required=True, strict=True)
    teller = fields.String(required=True)
    posted_at = UtcField(required=True)

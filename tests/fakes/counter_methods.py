"""What the members' stand-in answers about the counter and about time deposits."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema

from services.shared.contracts.members import cash, deposits


class Nothing(Schema):
    """A command without content."""


METHODS: Final[dict[str, tuple[type[Schema], type[Schema]]]] = {
    "get_counter_settings": (Nothing, cash.CounterSettings),
    "put_counter_settings": (cash.CounterSettingsBody, cash.CounterSettings),
    "create_drawer": (cash.CreateDrawer, cash.Drawer),
    "list_drawers": (cash.ListDrawers, cash.DrawerPage),
    "open_shift": (cash.OpenShift, cash.Shift),
    "move_cash": (cash.MoveCash, cash.Slip),
    "count_shift": (cash.CountShift, cash.Shift),
    "accept_count": (cash.AcceptCount, cash.Shift),
    "return_count": (cash.ReturnCount, cash.Shift),
    "get_shift": (cash.GetShift, cash.Shift),
    "list_shifts": (cash.ListShifts, cash.ShiftPage),
    "get_slip": (cash.GetSlip, cash.Slip),
    "create_deposit_product": (deposits.CreateDepositProduct, deposits.DepositProduct),
    "set_deposit_rates": (deposits.SetDepositRates, deposits.DepositProduct),
    "withdraw_deposit_product": (
        deposits.ChangeDepositProduct,
        deposits.DepositProduct,
    ),
    "get_deposit_product": (deposits.DepositProductCommand, deposits.DepositProduct),
    "list_deposit_products": (
        deposits.ListDepositProducts,
        deposits.DepositProductPage,
    ),
    "open_deposit": (deposits.OpenDeposit, deposits.Deposit),
    "change_deposit": (deposits.ChangeDeposit, deposits.DepositDetails),
    "break_deposit": (deposits.BreakDeposit, deposits.DepositDetails),
    "get_deposit": (deposits.DepositCommand, deposits.DepositDetails),
    "get_certificate": (deposits.GetCertificate, deposits.Certificate),
    "list_deposits": (deposits.ListDeposits, deposits.DepositPage),
    "list_my_deposits": (deposits.ListMyDeposits, deposits.DepositPage),
}

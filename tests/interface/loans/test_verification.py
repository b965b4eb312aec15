"""`hub verify` finds a loan that is not what the ledger holds of it."""

import pytest

from services.hub import loans_check
from services.hub.comparing import Difference
from tests.factories.loans import Lender, Lending


def test_loans_are_compared_with_their_accounts(
    lending: Lending, lender: Lender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loans_check, "PAUSE_SECONDS", 0.0)
    loan = lender.loan(lender.member(), lender.product())

    told = list(loans_check.check(lending.ledger, lending.loans))
    assert told[0].endswith("loans have the same principal here and in the ledger")

    with lending.loans.tenant(lender.id) as session:
        session.connection().exec_driver_sql(
            "UPDATE loans SET outstanding = outstanding - 1 WHERE id = %s", (loan.id,)
        )
    with pytest.raises(Difference, match=f"{loan.id} is Rp 2.999.999 here"):
        list(loans_check.check(lending.ledger, lending.loans))

    with lending.loans.tenant(lender.id) as session:
        session.connection().exec_driver_sql(
            "UPDATE loans SET outstanding = outstanding + 1, interest_receivable = 7 "
            "WHERE id = %s",
            (loan.id,),
        )
    with pytest.raises(Difference, match="account 1-1110 of"):
        list(loans_check.check(lending.ledger, lending.loans))

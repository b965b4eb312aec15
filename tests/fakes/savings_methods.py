"""What the members' stand-in answers about products, dues, interest and jobs."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema

from services.shared.contracts import files, members
from services.shared.contracts.members import (
    dues,
    interest,
    jobs,
    products,
    statements,
)

METHODS: Final[dict[str, tuple[type[Schema], type[Schema]]]] = {
    "create_savings_product": (
        products.CreateSavingsProduct,
        products.SavingsProduct,
    ),
    "change_savings_product": (
        products.ChangeSavingsProduct,
        products.SavingsProduct,
    ),
    "set_savings_rate": (products.SetSavingsRate, products.SavingsProduct),
    "get_savings_product": (products.SavingsProductCommand, products.SavingsProduct),
    "list_savings_products": (
        products.ListSavingsProducts,
        products.SavingsProductPage,
    ),
    "set_contribution_term": (
        products.SetContributionTerm,
        products.ContributionTerm,
    ),
    "list_contribution_terms": (
        products.ListContributionTerms,
        products.ContributionTermPage,
    ),
    "pay_contribution": (dues.PayContribution, dues.Contribution),
    "cancel_contribution": (dues.CancelContribution, dues.Contribution),
    "list_contributions": (dues.ListContributions, dues.ContributionPage),
    "get_dues": (dues.GetDues, dues.MemberDues),
    "list_arrears": (dues.ListArrears, dues.ArrearsPage),
    "list_interest": (interest.ListInterest, interest.InterestPage),
    "list_withholdings": (interest.ListWithholdings, interest.WithholdingPage),
    "get_withholding": (interest.GetWithholding, interest.WithholdingSlip),
    "print_statement": (statements.PrintStatement, files.File),
    "get_passbook": (members.AccountCommand, statements.Passbook),
    "print_passbook": (statements.PrintPassbook, statements.Passbook),
    "request_job_run": (jobs.RequestJobRun, jobs.JobRun),
    "get_job_run": (jobs.JobRunCommand, jobs.JobRun),
    "list_job_runs": (jobs.ListJobRuns, jobs.JobRunPage),
}

"""Collection: tasks, visits, promises, letters and causes of late loans."""

from __future__ import annotations

from typing import Any

from services.gateway.http import files
from services.gateway.http.answers import Answer
from services.gateway.http.entrypoints import route
from services.gateway.http.requests import Request
from services.gateway.routes.peers import Peers
from services.shared import access
from services.shared.contracts import loans
from services.shared.contracts.loans import collections as contract
from services.shared.contracts.paging import Page
from services.shared.errors import NotFound
from services.shared.presentation import pdf

TAG = "Collection"
READ = access.scope("collections:read")
WRITE = access.scope("collections:write")


class CollectionRoutes(Peers):
    """Collection of late loans."""

    @route(
        "GET",
        "/v1/collections/tasks",
        tag=TAG,
        rule=READ,
        query=contract.ListTasks,
        command=contract.ListTasks,
        answer=contract.CollectionTaskPage,
    )
    def list_collection_tasks(self, request: Request) -> dict[str, Any]:
        """List what is to be done about late loans, what is due first at the top."""
        return dict(self.loans.list_collection_tasks(request.command()))

    @route(
        "POST",
        "/v1/collections/tasks/{task_id}/assign",
        tag=TAG,
        rule=WRITE,
        body=contract.AssignTaskBody,
        command=contract.AssignTask,
        answer=contract.CollectionTask,
        errors=(NotFound, contract.TaskEnded),
    )
    def assign_collection_task(self, request: Request) -> dict[str, Any]:
        """Let another do a task."""
        return dict(self.loans.assign_collection_task(request.command()))

    @route(
        "POST",
        "/v1/collections/tasks/{task_id}/finish",
        tag=TAG,
        rule=WRITE,
        body=contract.FinishTaskBody,
        command=contract.FinishTask,
        answer=contract.CollectionTask,
        errors=(NotFound, contract.TaskEnded),
    )
    def finish_collection_task(self, request: Request) -> dict[str, Any]:
        """Say what came of a task."""
        return dict(self.loans.finish_collection_task(request.command()))

    @route(
        "POST",
        "/v1/loans/{loan_id}/visits",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=contract.CollectionVisitBody,
        command=contract.RecordVisit,
        answer=contract.CollectionVisit,
        errors=(NotFound, contract.VisitDateInvalid),
    )
    def record_collection_visit(self, request: Request) -> dict[str, Any]:
        """Record a visit to a borrower who is late, and what it found."""
        return dict(self.loans.record_collection_visit(request.command()))

    @route(
        "GET",
        "/v1/loans/{loan_id}/visits",
        tag=TAG,
        rule=READ,
        query=Page,
        command=contract.ListVisits,
        answer=contract.CollectionVisitPage,
        errors=(NotFound,),
    )
    def list_collection_visits(self, request: Request) -> dict[str, Any]:
        """List the visits for a loan."""
        return dict(self.loans.list_collection_visits(request.command()))

    @route(
        "POST",
        "/v1/loans/{loan_id}/promises",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=contract.PaymentPromiseBody,
        command=contract.RecordPromise,
        answer=contract.PaymentPromise,
        errors=(NotFound, loans.LoanNotActive, contract.PromiseDateInvalid),
    )
    def record_payment_promise(self, request: Request) -> dict[str, Any]:
        """Record what a borrower promised to pay; whether it is kept is seen daily."""
        return dict(self.loans.record_payment_promise(request.command()))

    @route(
        "GET",
        "/v1/loans/{loan_id}/promises",
        tag=TAG,
        rule=READ,
        query=Page,
        command=contract.ListPromises,
        answer=contract.PaymentPromisePage,
        errors=(NotFound,),
    )
    def list_payment_promises(self, request: Request) -> dict[str, Any]:
        """List the promises for a loan, and whether they were kept."""
        return dict(self.loans.list_payment_promises(request.command()))

    @route(
        "POST",
        "/v1/loans/{loan_id}/letters",
        tag=TAG,
        rule=WRITE,
        status=201,
        body=contract.CollectionLetterBody,
        command=contract.IssueLetter,
        answer=contract.CollectionLetter,
        errors=(
            NotFound,
            loans.LoanNotActive,
            contract.NotLate,
            contract.LetterOutOfOrder,
        ),
    )
    def issue_collection_letter(self, request: Request) -> dict[str, Any]:
        """Send a surat teguran or the next surat peringatan, with what is overdue."""
        return dict(self.loans.issue_collection_letter(request.command()))

    @route(
        "GET",
        "/v1/loans/{loan_id}/letters",
        tag=TAG,
        rule=READ,
        query=Page,
        command=contract.ListLetters,
        answer=contract.CollectionLetterPage,
        errors=(NotFound,),
    )
    def list_collection_letters(self, request: Request) -> dict[str, Any]:
        """List the letters for a loan."""
        return dict(self.loans.list_collection_letters(request.command()))

    @route(
        "GET",
        "/v1/loans/{loan_id}/letters/{letter_id}",
        tag=TAG,
        rule=READ,
        query=contract.CollectionLetterQuery,
        command=contract.GetLetter,
        answer=contract.CollectionLetter,
        files=(pdf.MEDIA_TYPE,),
        errors=(NotFound,),
    )
    def get_collection_letter(self, request: Request) -> dict[str, Any] | Answer:
        """Show a letter, or print it."""
        command = request.command()
        return files.in_form(
            command.get("format"), self.loans.get_collection_letter(command)
        )

    @route(
        "PUT",
        "/v1/loans/{loan_id}/cause",
        tag=TAG,
        rule=WRITE,
        body=contract.ArrearsCauseBody,
        command=contract.SetCause,
        answer=contract.ArrearsCause,
        errors=(NotFound,),
    )
    def set_arrears_cause(self, request: Request) -> dict[str, Any]:
        """Say why a loan fell behind."""
        return dict(self.loans.set_arrears_cause(request.command()))

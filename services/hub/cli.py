"""The command `hub`: which commands there are, what they print and how they exit.

Status 0 means done or nothing wrong, 1 means a fault or a difference was found and
named, 2 means the command was not understood. Work is in the modules beside this one;
they are imported by the command that needs them, so that `hub --help` is quick and only
the commands that run services patch the process.
"""

# ruff: noqa: PLC0415  imports inside commands: see above

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import warnings
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from services.hub.errors import HubError
from services.shared import clock
from services.shared.errors import InvariantViolated, ServiceError
from services.shared.settings import SettingsError

if TYPE_CHECKING:
    from datetime import datetime

    from services.hub.configuration import Configuration
    from services.shared.persistence.database import Database


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="koperasi-hub", prog_name="hub")
def hub() -> None:
    """Clearing between savings-and-loan cooperatives, and each one's books.

    Without AMQP_URI and DATABASE_URL everything runs on this machine by itself; with
    them the same code runs on RabbitMQ and PostgreSQL.
    """


def main() -> None:
    """Run the command line; expected faults become one sentence and status 1."""
    # What was started is stopped again on SIGTERM as on Ctrl-C: both unwind. Commands
    # that run services put their own, draining handler in its place.
    signal.signal(signal.SIGTERM, _leave)
    try:
        hub(prog_name="hub")
    except (SettingsError, ServiceError, InvariantViolated, HubError) as error:
        click.secho(f"hub: {error}", fg="red", err=True)
        sys.exit(1)


def _leave(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


def _become_green() -> None:
    """Let eventlet patch this process, before anything imports psycopg."""
    # It announces its age at every start; DECISIONS.md says why it is used.
    warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
    # While patching, eventlet swallows what a signal handler raises. Nothing has been
    # started yet, so the signal may simply end the process.
    leave = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    import services.shared.messaging  # noqa: F401

    signal.signal(signal.SIGTERM, leave)


def _configuration(*, is_whole_hub: bool = True) -> Configuration:
    from services.hub import configuration

    return configuration.load(is_whole_hub=is_whole_hub)


@hub.command()
@click.option(
    "--replicas",
    default="",
    metavar="ledger=2,gateway=2",
    help="How many processes of a service to run; 1 when not named.",
)
def up(replicas: str) -> None:
    """Run the whole hub until Ctrl-C.

    Without AMQP_URI: every service in this process. With it: one process per service,
    restarted when it dies. Schemas are brought to their newest version first.
    """
    if not os.environ.get("AMQP_URI"):
        _become_green()
    from services.hub import up as starting

    try:
        numbers = starting.parse_replicas(replicas)
        status = starting.up(_configuration(), numbers, emit=click.echo)
    except starting.ReplicasMisread as error:
        raise click.UsageError(str(error)) from error
    sys.exit(status)


@hub.command()
@click.argument("service")
def run(service: str) -> None:
    """Run one SERVICE in this process, until SIGTERM; migrates nothing."""
    _become_green()
    from services.hub import catalogue, one_process

    if service not in catalogue.names():
        known = ", ".join(catalogue.names())
        raise click.UsageError(f"{service!r} is not a service; there are {known}.")
    one_process.end_with_supervisor()
    settings = _configuration(is_whole_hub=False).settings
    if settings.is_embedded_bus:
        raise SettingsError(
            "Set AMQP_URI: a service by itself needs a broker to be reached. "
            "`hub up` runs all of them without one."
        )
    one_process.run(settings, [service])


@hub.command()
def migrate() -> None:
    """Make roles and one database per service, and bring every schema to its head."""
    from services.hub import bootstrap, configuration

    with configuration.with_database(_configuration()) as settings:
        for service in bootstrap.migrate(settings):
            click.echo(f"{service}: at the newest version")


@hub.command("bootstrap")
def bootstrap_command() -> None:
    """Migrate, and make the operator's client; prints it once as JSON."""
    from services.hub import bootstrap, configuration

    with configuration.with_database(_configuration()) as settings:
        bootstrap.migrate(settings)
        client = bootstrap.operator_client(settings)
    click.echo(json.dumps(client))


@hub.command()
def doctor() -> None:
    """Check versions, settings, rights, broker and schemas; status 1 on a problem."""
    from services.hub import doctor as examination

    sys.exit(examination.examine())


@hub.command()
def verify() -> None:
    """Recompute every balance, walk the hash chain, compare clearing and ledger.

    Stops with status 1 at the first difference and names it.
    """
    from services.hub import configuration, verification

    with (
        configuration.with_database(_configuration()) as settings,
        configuration.open_databases(settings) as databases,
    ):
        try:
            for finding in verification.verify(databases):
                click.echo(f"✓ {finding}")
        except verification.Difference as difference:
            click.secho(f"✗ {difference}", fg="red")
            sys.exit(1)
    click.echo("Everything agrees.")


@hub.command("verify-proof")
@click.argument(
    "files",
    metavar="FILE...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option(
    "--public-key",
    metavar="BASE64",
    help="The hub's key as published (`hub keys`); else the one in the proof is used.",
)
def verify_proof(files: tuple[Path, ...], public_key: str | None) -> None:
    """Check a settlement's proof in FILE, without any connection.

    A proof that came in several pages is given as several files, in order. Recomputes
    the nets from the entries and checks digests and signature. Without --public-key
    this shows that nothing was changed; with it, also that the hub signed it.
    """
    from services.hub import proofs

    bundle = proofs.read(files)
    wrong = proofs.check(bundle, public_key)
    for sentence in wrong:
        click.secho(f"✗ {sentence}", fg="red")
    if wrong:
        sys.exit(1)
    click.echo(f"✓ {proofs.describe(bundle)}")


@hub.command()
def keys() -> None:
    """Print the public key that verifies settlement proofs: publish it."""
    import base64

    from services.shared import crypto

    seed = _configuration().settings.settlement_seed
    public = base64.b64encode(crypto.ed25519_public_key(seed)).decode()
    click.echo(json.dumps({"algorithm": "Ed25519", "public_key": public}))


@hub.command("rotate-keys")
@click.option(
    "--data-keys",
    "replaces_data_keys",
    is_flag=True,
    help="Also give every cooperative a new key for its personal data.",
)
def rotate_keys(*, replaces_data_keys: bool) -> None:
    """Make anew what the other master secret made; services go on meanwhile.

    Run it when every service has the new HUB_SECRET_KEY, with the one before as
    HUB_SECRET_KEY_PREVIOUS; when a run makes nothing anew, that one can go. See
    deploy/runbooks/key-rotation.md.
    """
    from services.hub import configuration, key_rotation

    with (
        configuration.with_database(_configuration()) as settings,
        configuration.open_databases(settings) as databases,
    ):
        for sentence in key_rotation.rotate(
            databases, settings, replaces_data_keys=replaces_data_keys
        ):
            click.echo(f"✓ {sentence}")


@hub.command()
@click.option(
    "--payments",
    type=click.IntRange(1, 5000),
    default=1000,
    show_default=True,
    help="Size of the bulk run.",
)
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where its data go; emptied first.  [default: .hub/demo]",
)
def demo(payments: int, directory: Path | None) -> None:
    """Tell the hub's story on a fresh embedded hub, through its public API."""
    from services.hub.demo import stage

    sys.exit(stage.perform(payments=payments, directory=directory))


@hub.group()
def simulate() -> None:
    """Run a stand-in for what is not part of the hub, until Ctrl-C.

    For demonstrations and tests: real servers that speak the same protocols.
    """
    # The world outside has the same date as the hub that it is a stand-in for.
    file = os.environ.get("HUB_SIMULATED_DATE_FILE")
    clock.simulate(Path(file) if file else None)


@simulate.command("mail")
@click.option("--address", default="127.0.0.1:2525", show_default=True)
@click.option("--http-address", default="127.0.0.1:2580", show_default=True)
def simulate_mail(address: str, http_address: str) -> None:
    """A mail server; what it takes is shown at GET /messages of the HTTP address.

    Set HUB_SMTP_URL to smtp:// and the address. Port 0 takes a free one.
    """
    from services.hub.simulators import mail

    with suppress(KeyboardInterrupt):
        mail.run(_place(address), _place(http_address), click.echo)


@simulate.command("ipaymu")
@click.option("--address", default="127.0.0.1:8090", show_default=True)
@click.option("--va", default="0000001225665555", show_default=True)
@click.option("--key", default="KUNCI-SIMULASI", show_default=True)
def simulate_ipaymu(address: str, va: str, key: str) -> None:
    """A payment provider that speaks iPaymu's protocol and moves no money.

    Set HUB_IPAYMU_URL to http://, the address and /api/v2, HUB_IPAYMU_VA and
    HUB_IPAYMU_KEY to what is given here. POST /simulate/pay/{trx} lets a virtual
    account be paid, and tells the hub.
    """
    from services.hub.simulators import ipaymu

    with suppress(KeyboardInterrupt):
        ipaymu.run(_place(address), ipaymu.Account(va=va, key=key), click.echo)


@simulate.command("dukcapil")
@click.option("--address", default="127.0.0.1:8091", show_default=True)
@click.option("--app-id", default="hub-simulasi", show_default=True)
@click.option("--key", default="KUNCI-SIMULASI", show_default=True)
def simulate_dukcapil(address: str, app_id: str, key: str) -> None:
    """A vendor of identity checks that knows everybody.

    Set HUB_KYC_VENDOR to verihubs, HUB_KYC_URL to http:// and the address,
    HUB_KYC_APP_ID and HUB_KYC_KEY to what is given here. The last four digits of a NIK
    say who is to be found, how, and whether the vendor fails.
    """
    from services.hub.simulators import dukcapil

    account = dukcapil.Account(app_id=app_id, key=key)
    with suppress(KeyboardInterrupt):
        dukcapil.run(_place(address), account, click.echo)


@simulate.command("insurer")
@click.option("--address", default="127.0.0.1:8092", show_default=True)
@click.option("--key", default="KUNCI-SIMULASI", show_default=True)
def simulate_insurer(address: str, key: str) -> None:
    """An insurer that covers loans and pays claims with money that is none.

    Set HUB_INSURER_URL to http:// and the address, HUB_INSURER_KEY to what is given
    here. The last three digits of a loan's principal say what it does with it.
    """
    from services.hub.simulators import insurer

    with suppress(KeyboardInterrupt):
        insurer.run(_place(address), key, click.echo)


def _place(address: str) -> tuple[str, int]:
    from services.shared.settings import split_address

    try:
        return split_address(address)
    except ValueError as error:
        raise click.UsageError(f"The address {error}.") from error


@hub.group("operators")
def operators_group() -> None:
    """The people who run the hub."""


@operators_group.command("add")
@click.argument("name")
@click.argument("email")
def add_operator(name: str, email: str) -> None:
    """Invite NAME with the address EMAIL; prints the link to choose a password."""
    from services.hub import configuration, operators

    with configuration.with_database(_configuration()) as settings:
        click.echo(json.dumps(operators.add(settings, name=name, email=email)))


@operators_group.command("list")
def list_operators() -> None:
    """Everybody who runs the hub, as JSON."""
    from services.hub import configuration, operators

    with configuration.with_database(_configuration()) as settings:
        click.echo(json.dumps(operators.list_all(settings), indent=1))


@operators_group.command("disable")
@click.argument("email")
def disable_operator(email: str) -> None:
    """Let the operator with the address EMAIL sign in no more."""
    from services.hub import configuration, operators

    with configuration.with_database(_configuration()) as settings:
        click.echo(json.dumps(operators.disable(settings, email)))


@hub.group("dead-letters")
def dead_letters_group() -> None:
    """Events that could not be handled: look at them, send them back."""
    # Reading a few rows needs no log lines between them.
    logging.getLogger().setLevel(logging.ERROR)


@dead_letters_group.command("list")
def list_dead_letters() -> None:
    """Every dead letter of every service."""
    from rich.console import Console
    from rich.table import Table

    from services.hub import configuration, dead_letters

    with (
        configuration.with_database(_configuration()) as settings,
        configuration.open_databases(settings) as databases,
    ):
        found = dead_letters.list_all(databases)
    if not found:
        click.echo("No dead letters.")
        return
    table = Table("Service", "Id", "Event", "Attempts", "First failed", "Error")
    for service, event in found:
        table.add_row(
            service,
            str(event.id),
            event.name,
            str(event.attempts),
            event.first_failed_at.isoformat(timespec="seconds"),
            event.error.strip().splitlines()[-1][:80] if event.error.strip() else "",
        )
    Console(highlight=False).print(table)


@dead_letters_group.command("show")
@click.argument("service")
@click.argument("number", type=int)
def show_dead_letter(service: str, number: int) -> None:
    """One dead letter of SERVICE by its NUMBER, whole."""
    from services.hub import configuration, dead_letters

    with (
        configuration.with_database(_configuration()) as settings,
        configuration.open_databases(settings) as databases,
    ):
        description = dead_letters.describe(_one(databases, service), number)
    if description is None:
        raise click.ClickException(f"{service} has no parked event {number}.")
    click.echo(description)


@dead_letters_group.command("requeue")
@click.argument("service")
@click.argument("number", type=int, required=False)
@click.option("--all", "is_all", is_flag=True, help="All of this service.")
def requeue_dead_letter(service: str, number: int | None, *, is_all: bool) -> None:
    """Have a dead letter of SERVICE tried again: one by its NUMBER, or --all."""
    from services.hub import configuration, dead_letters

    if (number is None) != is_all:
        raise click.UsageError("Give either a NUMBER or --all.")
    with (
        configuration.with_database(_configuration()) as settings,
        configuration.open_databases(settings) as databases,
    ):
        database = _one(databases, service)
        if number is None:
            click.echo(f"{dead_letters.requeue_all(database)} sent back.")
        elif dead_letters.requeue(database, number):
            click.echo(f"{service} {number} is sent back.")
        else:
            raise click.ClickException(f"{service} has no dead letter {number}.")


@hub.group("jobs")
def jobs_group() -> None:
    """Interest, dues and what else is done by business date."""
    logging.getLogger().setLevel(logging.ERROR)


@jobs_group.command("run")
@click.argument("name")
@click.option(
    "--date",
    "day",
    required=True,
    type=click.DateTime(formats=["%Y-%m-%d"]),
    help="The business date; interest belongs to the last day of a month.",
)
@click.option("--cooperative", metavar="CODE", help="Its 4 digits; else all of them.")
def run_job(name: str, day: datetime, cooperative: str | None) -> None:
    """Have job NAME run for a business date, once; the hub that is up works on it."""
    from services.hub import configuration, jobs

    with (
        configuration.with_database(_configuration()) as settings,
        configuration.open_databases(settings) as databases,
    ):
        runs = jobs.request(databases, name, day.date(), cooperative)
    for state in sorted({run["state"] for run in runs}):
        count = sum(run["state"] == state for run in runs)
        click.echo(f"{name} {day.date()}: {count} {state}")


@jobs_group.command("list")
@click.argument("cooperative", metavar="CODE")
def list_jobs(cooperative: str) -> None:
    """The latest runs of the cooperative with this CODE."""
    from rich.console import Console
    from rich.table import Table

    from services.hub import configuration, jobs

    with (
        configuration.with_database(_configuration()) as settings,
        configuration.open_databases(settings) as databases,
    ):
        runs = jobs.list_runs(databases, cooperative)
    table = Table("Date", "Job", "State", "Done", "Fault")
    for run in runs:
        table.add_row(
            run["business_date"],
            run["job"],
            run["state"],
            str(run["done_count"]),
            run["fault"] or "",
        )
    Console(highlight=False).print(table)


def _one(by_service: dict[str, Database], service: str) -> Database:
    if service not in by_service:
        known = ", ".join(by_service)
        raise click.UsageError(f"{service!r} has no database here; {known} have.")
    return by_service[service]

"""What the screens need beyond the demo, made through the product's own pages in this process.

A lead of which nearly nothing is known, a handed-off one with the longest data, some that sales
sent back, two imports, an agreement that waits for signatures, drafts, and acts on many leads. For
a running product:
``manage.py shell -c "from tests.browser.screens.crowd import make; make()"``.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from crm.accounts.models import Leave, Team, User
from crm.lib import clock
from leads.models import BulkAct, ImportRun, Lead, OutcomeReason, Source, ValuableActionKind
from leads.states import OutcomeKind
from sla.agreements import agreements
from sla.models import AgreementVersion, RejectionReason
from tests.browser.screens.table import (
    ACCEPTED,
    BARE,
    DISPUTED,
    LEFT_ALONE,
    LONG,
    PARKED,
    TRIED,
    TWIN,
)
from tests.leads.imports.imported import press


def make() -> None:
    ana, dora = client_of("ana"), client_of("dora")
    team = Team.objects.get(name="Ventas en línea").pk
    send(ana, "/leads/new/", name=BARE)
    hand_off_the_longest(ana, team)
    send_back(ana, client_of("bea"), team)
    send(dora, "/agreement/new/", name="Acuerdo de ventas en línea", teams=team)
    version = AgreementVersion.objects.latest("id")
    shown = agreements.fingerprint(version)
    send(dora, f"/agreement/{version.pk}/propose/", shown=shown)
    bring(ana, "primera.csv", start=True)
    bring(ana, "segunda.csv")
    send(dora, "/personas/2/draft/")
    do_with_many(ana, dora, team)
    follow_up(ana, client_of("bea"), team)
    be_back_from_leave()


def client_of(mailbox: str) -> Client:
    """A browser of one of the demo's people."""
    client = Client(SERVER_NAME="localhost")
    user = User.objects.get(email=f"{mailbox}@demo.relevo.test")
    client.force_login(user, backend="crm.accounts.backend.Backend")
    return client


def send_form(client: Client, run: ImportRun, act: str, **fields: Any) -> None:
    answer = press(client, run, act, fields)
    assert answer.status_code == 302, answer.content.decode()


def send(client: Client, path: str, **fields: Any) -> None:
    answer = client.post(path, fields)
    assert answer.status_code == 302, f"{path}: {answer.status_code}\n{answer.content.decode()}"


def hand_off_the_longest(ana: Client, team: int) -> None:
    account = "maximiliano.alejandro" * 2
    domain = "universidad-tecnologica-" * 2
    send(
        ana,
        "/leads/new/",
        name=LONG,
        email=f"{account}@{domain}latinoamericana.relevo.test",
        phone="+52 55 4000 9999",
        job_title="Directora General Adjunta de Transformación Comercial y Mercadotecnia "
        "Internacional",
        company="Administradora Latinoamericanadetelecomunicacionesyserviciosfinancieros "
        "S.A.P.I. de C.V.",
        employees=5000,
        country="MX",
        source=Source.objects.get(code="event").pk,
        first_action=ValuableActionKind.objects.get(code="asked_for_information").pk,
    )
    lead = Lead.objects.filter(person__name=LONG).latest("id").pk
    send(ana, f"/leads/{lead}/hand-off/", team=team, note="Prefiere WhatsApp. " * 20)


def send_back(ana: Client, bea: Client, team: int) -> None:
    """Have leads sent back in each way: one is contested, one parked, one closed."""
    words = "No es la persona que compra, y su área ni siquiera usa algo parecido. " * 4
    not_the_persona = RejectionReason.objects.get(code="not_the_persona").pk
    later = OutcomeReason.objects.filter(kind=OutcomeKind.RECYCLED).first().pk
    pending = {
        name: hand_off(ana, team, name, number)
        for number, name in enumerate((DISPUTED, PARKED, TWIN))
    }
    for name in (DISPUTED, PARKED):
        send(bea, f"{pending[name]}reject/", reason=not_the_persona, comment=words)
    send(ana, f"{pending[DISPUTED]}dispute/", comment=words)
    send(ana, f"{pending[PARKED]}recycle/", reason=later, comment=words)
    original = Lead.objects.filter(person__name=ACCEPTED).latest("id").pk
    send(bea, f"{pending[TWIN]}duplicate/", original=original, comment=words)


def hand_off(ana: Client, team: int, name: str, number: int) -> str:
    """Log a lead and hand it off; return the address of its handoff."""
    send(
        ana,
        "/leads/new/",
        name=name,
        email=f"devuelto{number}@ferias.relevo.test",
        phone=f"+52 55 4000 880{number}",
        company=f"Devoluciones {number}",
        job_title="CEO",
        employees=60,
        source=Source.objects.get(code="event").pk,
        first_action=ValuableActionKind.objects.get(code="asked_for_demo").pk,
    )
    lead = Lead.objects.filter(person__name=name).latest("id")
    send(ana, f"/leads/{lead.pk}/hand-off/", team=team)
    return f"/handoffs/{lead.handoffs.latest('id').pk}/"


def follow_up(ana: Client, bea: Client, team: int) -> None:
    """Have a lead tried as often as agreed, with a wrong number, and once more just now; and one
    that asked not to be contacted.
    """
    tried = hand_off(ana, team, TRIED, 8)
    left_alone = hand_off(ana, team, LEFT_ALONE, 9)
    for handoff in (tried, left_alone):
        send(bea, f"{handoff}accept/")
    for outcome in ("wrong", *["no_answer"] * 5):
        send(bea, f"{tried}attempt/", channel="phone", outcome=outcome)
    assert bea.post(f"{tried}begin/", {"channel": "whatsapp"}).status_code == 200
    send(bea, f"{left_alone}attempt/", channel="phone", outcome="no_contact")


def be_back_from_leave() -> None:
    """Bea was away until yesterday, and Cruz stood in; no page takes a leave that is over."""
    today = clock.now().date()
    Leave.objects.create(
        person=User.objects.get(email="bea@demo.relevo.test"),
        delegate=User.objects.get(email="cruz@demo.relevo.test"),
        first_on=today - timedelta(days=4),
        last_on=today - timedelta(days=1),
    )


def do_with_many(ana: Client, dora: Client, team: int) -> None:
    """Prepare acts on many leads; carry one out, on leads that it skips."""
    working = Lead.objects.filter(stage="accepted", archived_at=None)
    ids = list(working.order_by("pk").values_list("pk", flat=True)[:3])
    for _act in range(2):
        send(ana, "/leads/bulk/", kind="hand_off", lead=ids)
    send(ana, f"/leads/bulk/{BulkAct.objects.latest('pk').pk}/start/", team=team)
    send(dora, "/leads/bulk/", kind="assign", lead=ids)


def bring(ana: Client, name: str, *, start: bool = False) -> None:
    """Have a file with good rows and a bad one checked, and the good ones imported."""
    rows = [f"Persona {name} {n},{n}.{name}@ferias.relevo.test,Feria,x" for n in range(3)]
    header = "NOMBRE,CORREO,FUENTE,Otra columna de nombre muy largo"
    # One cell is left out, and one row has nobody.
    table = "\n".join([header, *rows, "Sin correo,esto-no-es,Feria,x", ",,Feria,x"])
    send(ana, "/imports/new/", file=SimpleUploadedFile(name, table.encode(), "text/csv"))
    run = ImportRun.objects.get(name=name)
    columns = {"column_0": "person.name", "column_1": "person.email", "column_2": "source"}
    send_form(ana, run, "columns", **columns)
    wait_for(run, "checked")
    if start:
        send_form(ana, run, "start")
        wait_for(run, "done")


def wait_for(run: ImportRun, state: str, within: float = 60) -> None:
    """The pages do small imports at once, unless the running worker has them in hand."""
    until = time.monotonic() + within
    run.refresh_from_db()
    while run.state != state:
        assert time.monotonic() < until, f"{run.name} is {run.state}, not {state}"
        time.sleep(0.1)
        run.refresh_from_db()

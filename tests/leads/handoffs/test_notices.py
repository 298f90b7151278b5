"""What the reader of a notice is told: by what they may see when they read it."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.core import mail as django_mail
from django.db import connection
from pytest_django import DjangoAssertNumQueries, Settings

from crm import tasks
from crm.accounts.models import User
from crm.lib import clock
from crm.lib.wording import variants
from crm.notifications import outbox, sentences
from crm.notifications.models import Message, Notice
from crm.notifications.sentences import Told, Words
from leads import handoffs
from leads.handoffs import notices
from leads.models import Handoff, Lead, Person
from tests import factories
from tests.conftest import Moment
from tests.factories import ACCEPTED_AT, HANDED_OFF_AT, WON_AT, Cast

pytestmark = pytest.mark.django_db
GONE = "This lead is no longer with you."


def told(handoff: Handoff, kind: str, by: User) -> Told:
    """Return a notice with every value that one of its kind may have."""
    params = {"by_id": by.pk, "owner_id": by.pk, "team": "Ventas", "reason": {"es": "Precio"}}
    return Told(kind, params, f"/leads/{handoff.lead_id}/")


def words(reader: User, rows: list[Told]) -> list[Words]:
    with variants.override("en"):
        return notices.words(reader, rows)


def test_notices_of_every_kind_name_a_lead_only_to_who_sees_it(cast: Cast, moment: Moment) -> None:
    handoff = factories.accepted(cast, by=cast.cruz)
    kinds = list(sentences.OUT_OF_SIGHT)
    rows = [told(handoff, kind, cast.cruz) for kind in kinds]
    name, company = str(handoff.lead), str(handoff.lead.company)
    names = (name, company, "Cruz")
    for reader in (cast.dora, cast.elsa, cast.ana, cast.cruz):
        found = words(reader, rows)
        assert [row.gone for row in found] == [""] * len(kinds)
        assert [row.sentence for row in found if name not in row.sentence] == []
    for reader in (cast.bea, cast.extra, cast.root):
        found = words(reader, rows)
        assert [row.gone for row in found] == [GONE] * len(kinds)
        assert [row.sentence for row in found if any(each in row.sentence for each in names)] == []


def test_a_page_of_notices_needs_as_many_queries_as_one(
    cast: Cast, moment: Moment, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    seen, lost = factories.handed_off(cast), factories.accepted(cast, by=cast.cruz)
    rows = [told(seen, "handoff.reassigned", cast.dora), told(lost, "handoff.new", cast.dora)]
    # A request has read both with the person.
    assert cast.bea.memberships_now
    assert cast.bea.stands_in_for == []
    for page in (rows, rows * 25):
        with django_assert_num_queries(2):
            assert len(words(cast.bea, page)) == len(page)


def test_address_that_a_queue_hides_is_no_name_of_its_lead(cast: Cast, moment: Moment) -> None:
    handoff = factories.handed_off(cast)
    Person.objects.filter(pk=handoff.lead.person_id).update(name="")
    Lead.objects.filter(pk=handoff.lead_id).update(contact_hidden=True)
    rows = [told(handoff, "handoff.requeued", cast.dora)]
    shown = {reader.name: words(reader, rows)[0].sentence for reader in (cast.bea, cast.ana)}
    start = "Back at the head of the queue of Ventas: "
    assert shown == {
        "Bea Quintero": f"{start}#{handoff.lead_id}",
        "Ana Robles": f"{start}{handoff.lead.person.email}",
    }


def test_messages_store_no_names(cast: Cast, moment: Moment, settings: Settings) -> None:
    settings.MAIL_ON = True
    won = factories.won(cast)
    factories.disqualified(cast)
    factories.rejected(cast)
    handoffs.requeue(factories.accepted(cast), by=cast.dora, at=WON_AT, cause="test")
    handoffs.reassign(factories.accepted(cast), cast.cruz, by=cast.dora, at=WON_AT)
    moment.set("2026-03-20 10:00")
    factories.handed_off(cast, at=HANDED_OFF_AT)
    tasks.sweep()
    tasks.drain()
    kinds = set(Message.objects.values_list("kind", flat=True))
    assert {"handoff.won", "handoff.taken_over", "handoff.breached"} <= kinds
    people = [name for full in User.objects.values_list("name", flat=True) for name in full.split()]
    stored = [*Message.objects.values_list("params"), *Notice.objects.values_list("params")]
    names = ("Mariana", "Andino", str(won.lead), *people)
    assert [row for row in map(str, stored) if any(name in row for name in names)] == []


def test_steps_of_the_ladder_are_one_letter_a_person(
    cast: Cast, moment: Moment, settings: Settings
) -> None:
    settings.MAIL_ON = True
    settings.BASE_URL = "https://relevo.example"
    User.objects.update(language="en")
    overdue = [factories.handed_off(cast) for _each in range(2)]
    tasks.mail()
    django_mail.outbox.clear()
    moment.set("2026-03-02 12:10")
    tasks.sweep()  # the warning came late, so that the breach has its own time
    moment.set("2026-03-02 12:50")
    tasks.sweep()
    # One of them is taken before the mails leave.
    handoffs.accept(overdue[0], by=cast.cruz, at=clock.now())
    tasks.mail()
    letters = {(letter.to[0], letter.subject): letter for letter in django_mail.outbox}
    assert len(letters) == len(django_mail.outbox)
    found = str(letters["bea@relevo.test", "2 leads are overdue"].body)
    shown = [f"/leads/{handoff.lead_id}/" in found for handoff in overdue]
    assert (shown, "1 lead that is no longer with you" in found) == ([False, True], True)
    taken = str(letters["cruz@relevo.test", "2 leads are overdue"].body)
    assert [f"/leads/{handoff.lead_id}/" in taken for handoff in overdue] == [True] * 2


def test_mail_is_worded_by_what_its_reader_sees_when_it_leaves(
    cast: Cast, moment: Moment, settings: Settings
) -> None:
    settings.MAIL_ON = True
    settings.BASE_URL = "https://relevo.example"
    handoff = factories.handed_off(cast)
    # Between the message and its mail a colleague is faster.
    handoffs.accept(handoff, by=cast.cruz, at=ACCEPTED_AT)
    tasks.mail()
    letters = {letter.to[0]: letter for letter in django_mail.outbox}
    gone, kept = letters["bea@relevo.test"], letters["dora@relevo.test"]
    name = str(handoff.lead)
    whole = [str(gone.message()), str(gone.body)]
    assert gone.subject == "A lead came into the queue"
    assert [part for part in whole if name in part or "Andino" in part or "/leads/" in part] == []
    assert (GONE in str(gone.body), "Cruz" in str(gone.body)) == (True, False)
    assert (name in kept.subject, f"/leads/{handoff.lead_id}/" in str(kept.body)) == (True, True)


def test_stored_names_of_earlier_versions_are_removed(cast: Cast, moment: Moment) -> None:
    params = {"lead": "Mariana Peña", "company": "Andino", "team": "Ventas"}
    outbox.notify("handoff.new", [cast.bea], at=HANDED_OFF_AT, key="old", params=params)
    outbox.notify("handoff.new", [cast.bea], at=HANDED_OFF_AT, key="new", params={"team": "Sur"})
    outbox.deliver()
    migration = import_module("crm.notifications.migrations.0003_names_out_of_messages")
    migration.remove_names(apps, SimpleNamespace(connection=connection))
    for model in (Message, Notice):
        found = model.objects.order_by("id").values_list("params", flat=True)
        assert list(found) == [{"team": "Ventas"}, {"team": "Sur"}]

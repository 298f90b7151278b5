"""The demo once it is loaded: guarded, with ids, hashes and passwords of its own."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from crm.accounts.models import User
from crm.accounts.sign_in import demo
from crm.audit.models import Entry
from crm.lib import clock
from crm.notifications.models import Message
from leads.handoffs import packages
from leads.models import Event, Package
from sla.agreements import content
from sla.models import AgreementVersion, Signature
from tests import factories
from tests.conftest import Moment, execute

pytestmark = pytest.mark.django_db

NOON = "2026-03-18 12:00"  # a Wednesday


@pytest.fixture(scope="module", autouse=True)
def loaded(within):
    def load():
        at = Moment(execute).set(NOON)
        factories.demo(at=at)

    within(load)


def test_everything_that_guards_history_is_on_again():
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgenabled <> 'O'")
        assert cursor.fetchall() == []
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Event.objects.all().update(at=clock.now())


def test_ids_go_on_after_the_last_one():
    """Today's desk is written after the past, so each sequence has gone on; one more of each kind
    fits in.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, pg_get_serial_sequence(relname, 'id') "
            "FROM pg_class WHERE relkind = 'r'"
            " AND EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = "
            "pg_class.oid AND attname = 'id')"
            " AND relnamespace = 'public'::regnamespace"
        )
        for table, sequence in cursor.fetchall():
            cursor.execute(f"SELECT max(id) FROM {table}")
            (last,) = cursor.fetchone()
            if sequence and last is not None:
                cursor.execute("SELECT nextval(%s)", [sequence])
                assert cursor.fetchone()[0] > last, table


def test_hashes_are_those_of_the_moved_texts():
    for package in Package.objects.all():
        assert package.sha256 == packages.digest(package.payload)
    signed = AgreementVersion.objects.exclude(content_hash="")
    assert signed.count() == 2
    for version in signed:
        assert version.content_hash == content.content_hash(version)
        entries = Entry.objects.filter(subject_type="agreementversion", subject_id=version.pk)
        hashes = set(
            entries.filter(payload__has_key="sha256").values_list("payload__sha256", flat=True)
        )
        signatures = Signature.objects.filter(version=version).values_list(
            "content_hash", flat=True
        )
        assert hashes == {*signatures} == {version.content_hash}


def test_everybody_can_sign_in_and_messages_have_ids_of_their_own():
    for user in User.objects.all():
        assert user.check_password(demo.PASSWORD), user
    first = set(Message.objects.values_list("uid", flat=True))
    assert len(first) == Message.objects.count() > 100

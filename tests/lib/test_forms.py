"""Fields that every app shares."""

from __future__ import annotations

from copy import deepcopy

import pytest
from django import forms
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.lib.forms import Choice, Line, SharedFields
from crm.lib.numbers.fields import NumberField
from leads.models import Source
from tests import factories


class Chosen(forms.Form):
    source = Choice(queryset=Source.objects.all(), empty_label=None)


@pytest.mark.django_db
def test_choices_of_a_form_are_read_once_and_anew_for_the_next_form() -> None:
    factories.catalogues()
    for name in ("Old", "New"):
        first = Source.objects.order_by("position")[0]
        Source.objects.filter(pk=first.pk).update(name={"es": name, "en": name})
        with CaptureQueriesContext(connection) as queries:
            html = Chosen().as_p()
        assert len(queries) == 1
        assert f">{name}</option>" in html


class Typed(forms.Form):
    name = Line(required=False)
    source = Choice(queryset=Source.objects.none(), required=False)
    amount = NumberField(required=False)


def test_form_that_reads_copies_only_the_fields_that_keep_something() -> None:
    form = Typed({})
    copied = deepcopy(SharedFields(form.base_fields))
    assert list(copied) == ["name", "source", "amount"]
    assert [name for name in copied if copied[name] is form.base_fields[name]] == ["name"]

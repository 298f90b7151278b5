"""Number fields of forms: what is typed in each region, what is drawn, what stays as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django import forms
from django.utils import translation

from crm.lib import number_formats
from crm.lib.numbers.fields import AmountField, NumberField, ShareField, WholeField
from tests.sources import name_of, python_files, templates

# Decimal comma; decimal point; decimal point in English.
REGIONS = ("es-CO", "es-MX", "en-US")


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


class Numbers(forms.Form):
    people = WholeField(label="People", required=False, min_value=1, max_value=5_000_000)
    size = NumberField(label="Size", required=False)
    amount = AmountField(label="Amount", required=False)
    share = ShareField(label="Share", required=False, min_value=1, max_value=100)


def sent(region: str, initial: dict[str, Any] | None = None, **typed: str) -> Numbers:
    with number_formats.override(number_formats.of(region)):
        form = Numbers(typed, initial=initial)
        form.is_valid()
        # Asked here: outside the block another sign would be drawn.
        assert isinstance(form.changed_data, list)
        return form


# What is typed -> the value in es-CO, es-MX and en-US; a text is the error.
ASKS = "1000 or 1? Write one of the two."
TYPED = (
    ("people", "1.000", 1000, 1000, 1000),
    ("people", "1,000", 1000, 1000, 1000),
    ("people", "1000", 1000, 1000, 1000),
    ("people", "1.5", *["Write a whole number, without decimals."] * 3),
    ("people", "10,5", *["Write a whole number, without decimals."] * 3),
    ("people", "0", *["Ensure this value is greater than or equal to 1."] * 3),
    ("size", "1.000", Decimal(1000), ASKS, ASKS),
    ("size", "1,000", ASKS, Decimal(1000), Decimal(1000)),
    ("size", "5.250", Decimal(5250), *["5250 or 5.25? Write one of the two."] * 2),
    ("size", "2,125", "2125 or 2,1250? Write one of the two.", Decimal(2125), Decimal(2125)),
    ("size", "0.125", *[Decimal("0.125")] * 3),
    ("size", "1.5", *[Decimal("1.5")] * 3),
    ("size", "1.5.5", "“1.5.5” is not a number. Write it with digits, as in 1234,5.", *[
        "“1.5.5” is not a number. Write it with digits, as in 1234.5."
    ] * 2),
    ("amount", "5.000", Decimal(5000), *["5000 or 5? Write one of the two."] * 2),
    ("amount", "185.000,50", *[Decimal("185000.50")] * 3),
    ("amount", "185,000.50", *[Decimal("185000.50")] * 3),
    ("amount", "9999999999999", *[
        "Ensure this value is less than or equal to 999999999999.99."
    ] * 3),
    ("share", "92,5", *[Decimal("92.5")] * 3),
    ("share", "92.5 %", *[Decimal("92.5")] * 3),
    ("share", "101", *["Ensure this value is less than or equal to 100."] * 3),
)  # fmt: skip


@pytest.mark.parametrize(("field", "text", "colombia", "mexico", "states"), TYPED)
def test_number_is_read_by_the_region(
    field: str, text: str, colombia: Any, mexico: Any, states: Any
) -> None:
    found = []
    for region in REGIONS:
        form = sent(region, **{field: text})
        errors = form.errors.get(field)
        found.append(str(errors[0]) if errors else form.cleaned_data[field])
    assert found == [colombia, mexico, states]


def test_what_was_typed_stays_in_the_field_with_the_question() -> None:
    form = sent("es-MX", amount="5.000")
    assert (form["amount"].value(), list(form.errors)) == ("5.000", ["amount"])


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize(
    "stored", [0, 5, 1000, 50_000, 0.5, 1.234, 1234.567, 0.123456789, Decimal("5000.50")]
)
def test_drawn_value_comes_back_exactly(region: str, stored: Any) -> None:
    initial = {"size": stored, "amount": stored}
    with number_formats.override(number_formats.of(region)):
        drawn = {name: str(Numbers(initial=initial)[name].value()) for name in initial}
    form = sent(region, initial, **drawn)
    assert (form.errors, form.changed_data) == ({}, [])
    assert (form.cleaned_data["size"], form.cleaned_data["amount"]) == (stored, stored)
    assert [form.fields[name].note for name in initial] == ["", ""]


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("stored", [0.5, 1.25, 1.234, 50_000, 1234.567])
def test_drawn_value_reads_back_where_it_is_read_again(region: str, stored: float) -> None:
    with number_formats.override(number_formats.of(region)):
        drawn = str(Numbers(initial={"size": stored})["size"].value())
    assert sent(region, size=drawn).cleaned_data["size"] == Decimal(str(stored))


def test_stored_value_outside_the_bounds_does_not_block_the_form() -> None:
    form = sent("es-CO", {"people": 0, "share": Decimal(150)}, people="0", share="150", size="2")
    assert (form.errors, form.cleaned_data["people"], form.cleaned_data["share"]) == ({}, 0, 150)


def test_further_decimals_are_rounded_with_a_note() -> None:
    form = sent("es-CO", amount="1.010,12555", size="2,12345")
    assert (form.cleaned_data["amount"], form.cleaned_data["size"]) == (
        Decimal("1010.13"),
        Decimal("2.1235"),
    )
    notes = [form.fields[name].note for name in ("amount", "size")]
    assert notes == [
        "Amount: 1.010,12555 was rounded to 1010,13.",
        "Size: 2,12345 was rounded to 2,1235.",
    ]


def test_zeros_behind_the_last_place_are_no_decimals() -> None:
    form = sent("es-MX", amount="10.1200")
    assert (form.cleaned_data["amount"], form.fields["amount"].note) == (Decimal("10.12"), "")


def test_field_is_a_text_input_with_the_keyboard_of_numbers() -> None:
    form = Numbers()
    assert 'type="text"' in str(form["people"])
    assert 'inputmode="numeric"' in str(form["people"])
    assert 'inputmode="decimal"' in str(form["amount"])


NOT_BY_REGION = re.compile(
    r"forms\.(IntegerField|DecimalField|FloatField|NumberInput)|type=[\"']?number"
)


def test_no_other_number_field_is_used_in_the_product() -> None:
    files = [*python_files(), *templates()]
    assert [name_of(path) for path in files if NOT_BY_REGION.search(path.read_text())] == []

"""Phones of the demo belong to the countries of their leads, and are valid there."""

from __future__ import annotations

from random import Random
from typing import Any

import phonenumbers
import pytest

from crm.demo import named_leads, names


def check(person: dict[str, Any]) -> None:
    number = phonenumbers.parse(person["phone"])
    found = phonenumbers.is_valid_number(number), phonenumbers.region_code_for_number(number)
    assert found == (True, person["country"]), person["phone"]


@pytest.mark.parametrize("number", range(len(named_leads.LEADS)))
def test_phone_of_a_named_lead_is_of_its_country(number: int) -> None:
    check(named_leads._facts(number, {})["person"])


@pytest.mark.parametrize("kind", ["leader", "owner", "stranger"])
def test_phone_of_anyone_is_of_the_country(kind: str) -> None:
    draw = Random(7)
    people = [names.someone(draw, number, kind)["person"] for number in range(400)]
    assert {person["country"] for person in people} == set(names.COUNTRIES)
    for person in people:
        check(person)


@pytest.mark.parametrize("country", names.AREAS)
def test_north_american_phones_are_those_kept_for_examples(country: str) -> None:
    phones = {names.phone(country, number) for number in range(1000, 9999)}
    assert len(phones) == 100 * len(names.AREAS[country])
    assert {phone.split()[2] for phone in phones} == {"555"}
    assert {phone.split()[3][:2] for phone in phones} == {"01"}

"""Proposed facts of a new organisation."""

from __future__ import annotations

import pytest

from crm.setup import defaults
from crm.setup.starter import agreements as starter
from sla.states import Metric


@pytest.mark.parametrize(
    ("zone", "languages", "country"),
    [
        ("America/Bogota", "", "CO"),
        ("America/Argentina/Buenos_Aires", "en-US", "AR"),
        ("Europe/Madrid", "es-MX", "ES"),
        ("", "es-CL,es;q=0.9", "CL"),
        ("", "es;q=0.9,en-US;q=0.8", "US"),
        ("../etc/passwd", "xx-XX", "MX"),
        ("", "", "MX"),
    ],
)
def test_country_comes_from_the_zone_then_from_the_language(
    zone: str, languages: str, country: str
) -> None:
    assert defaults.country(zone, languages) == country


@pytest.mark.parametrize(
    ("country", "currency"),
    [("MX", "MXN"), ("PE", "PEN"), ("ES", "EUR"), ("EC", "USD"), ("BR", "BRL"), ("QQ", "MXN")],
)
def test_currency_is_the_countrys(country: str, currency: str) -> None:
    assert defaults.currency(country) == currency


@pytest.mark.parametrize(
    ("given", "country", "zone"),
    [
        ("America/Lima", "PE", "America/Lima"),
        ("", "MX", "America/Mexico_City"),
        ("", "PE", "America/Lima"),
        ("Not/There", "QQ", "America/Mexico_City"),
    ],
)
def test_zone_is_the_given_one_or_one_of_the_country(given: str, country: str, zone: str) -> None:
    assert defaults.zone(given, country) == zone


@pytest.mark.parametrize(
    ("email", "name"),
    [
        ("a@cafe-andino.com.mx", "Cafe Andino"),
        ("a@gmail.com", "?"),
        ("a@Hotmail.es", "?"),
        ("a@", "?"),
    ],
)
def test_company_is_named_by_its_mail_domain(email: str, name: str) -> None:
    assert defaults.company_name(email, "?") == name


def test_every_proposed_currency_can_be_chosen() -> None:
    assert {"MXN", "COP", "CLP", "ARS", "PEN", "USD", "EUR", "BRL", "UYU", "BOB"} <= set(
        defaults.currencies()
    )


@pytest.mark.parametrize("pace", starter.PACES)
def test_starter_agreements_promise_every_metric(pace: str) -> None:
    promised = starter.commitments(starter.PACES[pace], day_minutes=480)
    assert {each["metric"] for each in promised} == set(Metric)


def test_agreement_of_the_demo_promises_every_metric() -> None:
    assert {each["metric"] for each in starter.COMMITMENTS} == set(Metric)

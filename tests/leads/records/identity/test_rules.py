"""Who is the same person: the rules as a table, and the keys of files against the rules."""

from __future__ import annotations

from itertools import product

import pytest

from leads.records.identity.rules import (
    Field,
    Identity,
    Verdict,
    compare,
    keys_to_find,
    keys_to_keep,
)

PHONE = "+525512345678"
NO = Verdict(False)
BY_ID = Verdict(True, Field.EXTERNAL_ID)
BY_EMAIL = Verdict(True, Field.EMAIL)
BY_PHONE = Verdict(True, Field.PHONE)
WARNING = Verdict(False, Field.PHONE)


def of(text: str, **more: str) -> Identity:
    """Name, e-mail and phone, "-" for none: "Ana ana@a.test 1"."""
    name, email, phone = ("" if part == "-" else part for part in text.split())
    return Identity(name=name, email=email, phone=phone, **more)


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        # Rule 1: the same system and the same id, whatever else differs.
        (
            of("Ana - -", system="hubspot", external_id="1"),
            of("Leo - -", system="hubspot", external_id="1"),
            BY_ID,
        ),
        (
            of("Ana a@a.test -", system="hubspot", external_id="1"),
            of("Ana b@a.test -", system="hubspot", external_id="1"),
            Verdict(True, Field.EXTERNAL_ID, has_other_email=True),
        ),
        (
            of("Ana - -", system="hubspot", external_id="1"),
            of("Ana - -", system="zoho", external_id="1"),
            NO,
        ),
        (
            of("Ana - -", system="file", external_id="1"),
            of("Ana - -", system="hubspot", external_id="1"),
            NO,
        ),
        # Rule 2: two e-mails decide.
        (of("Ana a@a.test -"), of("Leo A@a.test -"), BY_EMAIL),
        (of(f"Ana a@a.test {PHONE}"), of(f"Ana b@a.test {PHONE}"), WARNING),
        (of(f"- a@a.test {PHONE}"), of(f"- b@a.test {PHONE}"), WARNING),
        (
            of("Ana a@a.test -", system="hubspot", external_id="1"),
            of("Ana a@a.test -", system="hubspot", external_id="2"),
            BY_EMAIL,
        ),
        # Rule 3: phones.
        (of(f"José - {PHONE}"), of(f"jose - {PHONE}"), BY_PHONE),
        (of(f"José a@a.test {PHONE}"), of(f"JOSÉ - {PHONE}"), BY_PHONE),
        (of(f"Ana - {PHONE}"), of(f"Leo - {PHONE}"), WARNING),
        (of(f"Ana a@a.test {PHONE}"), of(f"Leo - {PHONE}"), WARNING),
        (of(f"- - {PHONE}"), of(f"Leo - {PHONE}"), BY_PHONE),
        (of(f"- - {PHONE}"), of(f"- a@a.test {PHONE}"), BY_PHONE),
        (of(f"- - {PHONE}"), of(f"- - {PHONE}"), BY_PHONE),
        (of(f"- a@a.test {PHONE}"), of(f"Ana - {PHONE}"), WARNING),
        (of(f"Ana - {PHONE}", extension="1"), of(f"Ana - {PHONE}", extension="1"), BY_PHONE),
        (of(f"Ana - {PHONE}", extension="1"), of(f"Ana - {PHONE}", extension="2"), NO),
        (of(f"Ana - {PHONE}", extension="1"), of(f"Ana - {PHONE}"), NO),
        (of("Ana - +5491140001000"), of("Ana - +541140001000"), BY_PHONE),
        # Rule 4: otherwise no.
        (of("Ana - -"), of("Ana - -"), NO),
        (of("Ana a@a.test -"), of("Ana - -"), NO),
        (of("- - -"), of("- - -"), NO),
    ],
)
def test_first_rule_that_applies_decides(one: Identity, other: Identity, verdict: Verdict) -> None:
    assert compare(one, other) == verdict
    assert compare(other, one) == verdict


def by_keys(later: Identity, earlier: Identity) -> Verdict:
    kept = set(keys_to_keep(earlier))
    for verdict, key in keys_to_find(later):
        if key in kept:
            return verdict
    return NO


def test_keys_of_a_file_say_what_the_rules_say() -> None:
    """Every pair of a name, an e-mail, a phone, an extension and an id, each of them or none."""
    people = [
        Identity(name, email, phone, extension if phone else "", "hubspot" if pk else "", pk)
        for name, email, phone, extension, pk in product(
            ("", "Ana", "Ána", "Leo"),
            ("", "a@a.test", "b@a.test"),
            ("", PHONE, "+525587654321"),
            ("", "1"),
            ("", "7", "8"),
        )
    ]
    for earlier, later in product(people, people):
        expected = compare(later, earlier)
        found = by_keys(later, earlier)
        assert (found.is_same, found.field) == (expected.is_same, expected.field), (earlier, later)

"""Finding leads by what people type: part of a name, a company without accents, an e-mail, digits
of a phone.

Everything stands in Lead.search_text behind one trigram index; each condition here is one that the
index can answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import phonenumbers
from django.db.models import Q
from django.utils.translation import gettext as _

from crm.accounts.models import User
from crm.lib.text import digits, fold
from leads.models import Lead
from leads.records import contact_privacy

LEAST, MOST = 2, 20  # letters to begin with; leads that are shown
TRIGRAM = 3  # shorter words have no trigram of their own: they are looked for where words begin
LONGEST, WORDS = 200, 8  # of what is typed: the rest makes no search better
LIKE_PHONE = re.compile(r"[\d\s()+./\-–]{3,40}")


@dataclass(frozen=True)
class Hit:
    """A lead and where the words stand in it: (label, value), beyond its name and company."""

    lead: Lead
    matched: Sequence[tuple[str, str]]


def words_of(query: str) -> list[str]:
    """The words to look for, as they stand in search_text: folded, but e-mail addresses whole."""
    found: list[str] = []
    for word in query.lower()[:LONGEST].split():
        found += [word] if "@" in word else fold(word).split()
    return list(dict.fromkeys(found))[:WORDS]


def phones_of(query: str) -> list[str]:
    """The digits of ``query`` where it can only be a phone, in every way in which such a number may
    be stored.

    With and without country code, without the zeros and the Mexican 1 that are dialled but not
    kept.
    """
    number = digits(query)
    if not LIKE_PHONE.fullmatch(query.strip()) or len(number) < TRIGRAM:
        return []
    found = [number, number.lstrip("0")]
    if number[:3] in ("044", "045"):
        found.append(number[3:])
    if number.startswith("521") and len(number) == 13:
        found += ["52" + number[3:], number[3:]]
    if query.strip().startswith(("+", "00")):
        try:
            parsed = phonenumbers.parse("+" + number.lstrip("0"))
        except phonenumbers.NumberParseException:
            pass
        else:
            found.append(phonenumbers.national_significant_number(parsed))
    return [each for each in dict.fromkeys(found) if len(each) >= TRIGRAM]


def is_enough(query: str) -> bool:
    """Whether there is something to search by."""
    return any(len(word) >= LEAST for word in words_of(query)) or bool(phones_of(query))


def condition(query: str, user: User | None = None) -> Q:
    """All words of ``query`` occur, or its digits do; nothing typed excludes nothing.

    A lead whose phone and e-mail ``user`` may not read is found by name and company alone.
    """
    anywhere = _anywhere(query)
    readable = contact_privacy.readable(user) if user is not None else Q()
    if not readable or not anywhere:
        return anywhere
    named = Q()
    for word in query[:LONGEST].split()[:WORDS]:
        named &= Q(person__name__icontains=word) | Q(company__name__icontains=word)
    return anywhere & (readable | named)


def _anywhere(query: str) -> Q:
    words, wanted = words_of(query), Q()
    only_short = all(
        len(word) < TRIGRAM for word in words
    )  # else the longer ones bring the index in
    for word in words:
        wanted &= _begins(word) if only_short else Q(search_text__contains=word)
    phones = Q()
    for number in phones_of(query):
        phones |= Q(search_text__contains=number)
    return phones | wanted if phones and wanted else phones or wanted


def _begins(word: str) -> Q:
    return Q(search_text__startswith=word) | Q(search_text__contains=f" {word}")


def find(user: User, query: str) -> tuple[list[Hit], bool]:
    """At most MOST leads in sight, newest first, and whether there are more. One query."""
    if not is_enough(query):
        return [], False
    rows = (
        Lead.objects.visible_to(user)
        .with_names()
        .filter(condition(query, user), archived_at__isnull=True)
    )
    found = list(rows.order_by("-first_seen_on", "-pk")[: MOST + 1])
    hits = [
        Hit(lead, () if contact_privacy.is_hidden(lead, user) else _matched(lead, query))
        for lead in found[:MOST]
    ]
    return hits, len(found) > MOST


def _matched(lead: Lead, query: str) -> list[tuple[str, str]]:
    """The facts besides name and company in which ``query`` was found."""
    words, phones = words_of(query), phones_of(query)
    person = lead.person
    held = {_("E-mail"): person.email, _("External id"): lead.external_id}
    found = [
        (label, value)
        for label, value in held.items()
        if any(word in value.lower() or word in fold(value).split() for word in words)
    ]
    if any(number in digits(person.phone) for number in phones or filter(str.isdigit, words)):
        found.append((_("Phone"), person.phone))
    return found

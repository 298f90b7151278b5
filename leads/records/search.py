"""Find leads by part of a name, a company without accents, an e-mail, or digits of a phone.

Everything is in Lead.search_text, behind one trigram index; the index can answer each condition
here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

import phonenumbers
from django.db.models import (
    CharField,
    Func,
    OuterRef,
    Q,
    Subquery,
    TextField,
    Transform,
    Value,
)
from django.db.models.functions import Concat
from django.db.models.lookups import Contains
from django.utils.translation import gettext as _

from crm.accounts import people
from crm.accounts.models import User
from crm.lib.db.kept_sql import KeptSql
from crm.lib.text import LEGAL_FORM, clean_line, digits, fold, without_legal_form
from leads.models import Company, Lead, Person
from leads.models.lead import LeadQuerySet
from leads.records import contact_privacy
from leads.records.identity import phones

NEWEST = ("-first_seen_on", "-pk")
LEAST = 2  # letters to begin with
MOST = 20  # leads that are shown
# Shorter words have no trigram: search looks for them at the beginning of words.
TRIGRAM = 3
# More of what is typed does not improve a search.
LONGEST = 200  # characters
WORDS = 8
LEGAL_FORM_WITHIN = re.compile(r"(?<=\w\w )" + LEGAL_FORM.pattern.removesuffix("$") + r"(?= \w)")
LIKE_PHONE = re.compile(r"[\d\s()+./\-–]{3,40}")


@CharField.register_lookup
class Folded(Transform):
    """The text in lower case and without accents, by the database: name__folded__contains."""

    lookup_name = "folded"
    function = "relevo_fold"


@TextField.register_lookup
class Unindexed(Transform):
    """The text as it is, but no index answers: search_text__unindexed__contains.

    Among a few rows that another index finds, reading each is cheap, and the trigrams of a common
    word are in many thousands of others.
    """

    lookup_name = "unindexed"
    template = "(%(expressions)s || '')"


@dataclass(frozen=True)
class Hit:
    """A lead, and the facts besides name and company that matched, as (label, value)."""

    lead: Lead
    matched: Sequence[tuple[str, str]]


def words_of(query: str) -> list[str]:
    """Return the words to look for, as in search_text: folded, but e-mail addresses whole.

    A legal form behind a name does not matter: "grupo andino sa" finds "Grupo Andino S.A."
    """
    words: list[str] = []
    typed = clean_line(query.lower()[:LONGEST])
    if "@" not in typed:
        text = without_legal_form(fold(typed))
        # More words may follow the company: "andino sa eva".
        text = LEGAL_FORM_WITHIN.sub(" ", text)
        return list(dict.fromkeys(text.split()))[:WORDS]
    for word in typed.split():
        # Folding would cut an address at its signs.
        if "@" in word:
            words.append(word)
        else:
            words.extend(fold(word).split())
    return list(dict.fromkeys(words))[:WORDS]


def phones_of(query: str) -> list[str]:
    """Return the digits of ``query`` in every form in which a phone may be stored; [] for others.

    A whole number is read with its country code, else with the organisation's country. A part of
    one is taken with and without the zeros and the prefixes that are dialled but not stored.
    """
    number = digits(query)
    if not LIKE_PHONE.fullmatch(query.strip()):
        # As a page shows it and a link dials it: "+52 55 1234 5678 ext. 204", "tel:+5255…".
        if phones.is_spelled_out(query):
            return phones.stored_forms(query, people.organisation().country)
        return []
    if len(number) < TRIGRAM:
        return []
    forms = [number, number.lstrip("0")]
    # A part of a number is no phone yet, but may begin like one: 044, 045 and 521 of Mexico.
    if number[:3] in ("044", "045"):
        forms.append(number[3:])
    if number.startswith("521") and len(number) == 13:
        national = number[3:]
        forms += [f"52{national}", national]
    if query.strip().startswith(("+", "00")):
        try:
            parsed = phonenumbers.parse("+" + number.lstrip("0"))
        except phonenumbers.NumberParseException:
            pass
        else:
            forms.append(phonenumbers.national_significant_number(parsed))
    forms += phones.stored_forms(query, people.organisation().country)
    return [form for form in dict.fromkeys(forms) if len(form) >= TRIGRAM]


def signs_of(query: str) -> str:
    """Return a query without any letter or digit as it is: "***", "%", an emoji; else ""."""
    if words_of(query):
        return ""
    return clean_line(query[:LONGEST])


def is_enough(query: str) -> bool:
    """Return whether ``query`` has something to search by."""
    has_word = any(len(word) >= LEAST for word in words_of(query))
    # An emoji is a word of its own; the signs of a keyboard are in every other e-mail.
    has_emoji = not signs_of(query).isascii()
    return has_word or has_emoji or bool(phones_of(query))


@dataclass(frozen=True)
class Terms:
    """What a search looks for: words or digits of phones, or else ``signs``.

    ``are_short``: no word is long enough for a trigram.
    """

    words: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()
    are_short: bool = False

    @classmethod
    def of(cls, query: str) -> Terms:
        """Return what ``query`` looks for."""
        signs = signs_of(query)
        if signs:
            # Signs are no phone.
            return cls(signs=(signs,))
        words = words_of(query)
        are_short = all(len(word) < TRIGRAM for word in words)
        return cls(tuple(words), tuple(phones_of(query)), are_short=are_short)

    # -- As a value of kept SQL (crm.lib.db.kept_sql)

    @property
    def sql_shape(self) -> tuple[int, int, int, bool]:
        """Return how many terms of each kind there are, and whether words are short."""
        return len(self.words), len(self.numbers), len(self.signs), self.are_short

    @property
    def sql_values(self) -> tuple[str, ...]:
        """Return every term."""
        return self.words + self.numbers + self.signs

    def standing_in(self, values: Sequence[str]) -> Terms:
        """Return as many terms of the same kinds with the texts ``values``."""
        texts = iter(values)
        words, numbers, signs = (
            tuple(islice(texts, len(terms))) for terms in (self.words, self.numbers, self.signs)
        )
        return replace(self, words=words, numbers=numbers, signs=signs)


def condition(terms: Terms, user: User | None = None, *, in_few: bool = False) -> Q:
    """Return the condition that all words of ``terms`` occur, or one of the numbers does.

    No term at all matches every lead. A lead whose phone and e-mail ``user`` may not read is found
    by name and company alone. ``in_few``: another condition keeps so few leads that each is read.
    """
    anywhere = _anywhere(terms, "search_text__unindexed" if in_few else "search_text")
    readable = Q()
    if user is not None:
        readable = contact_privacy.readable(user)
    if not readable or not anywhere:
        return anywhere
    # search_text holds the hidden facts, too: by their digits one could guess a masked number.
    named = Q()
    names = _names()
    for term in terms.words + terms.signs:
        named &= Q(Contains(names, Value(term)))
    return anywhere & (readable | named)


def _names() -> Func:
    """Return the names of person and company of a lead, without accents, as an expression.

    By scalar subqueries, which PostgreSQL can only ask lead by lead, and asks only for those that
    are hidden: for a join it would read all people and companies.
    """
    person = Person.objects.filter(pk=OuterRef("person_id")).values("name")
    company = Company.objects.filter(pk=OuterRef("company_id")).values("name")
    # No term has a line break, so none is found across it.
    both = Concat(Subquery(person), Value("\n"), Subquery(company))
    return Func(both, function="relevo_fold", output_field=TextField())


def _named(term: str) -> Q:
    """Return the condition that name or company has ``term``, both without accents."""
    person = _has("person__name__folded", term)
    return person | _has("company__name__folded", term)


def _has(text: str, term: str) -> Q:
    """Return the condition that ``text``, a path, has ``term``."""
    # The database makes the pattern of a Value: the term is a value of the SQL as it is.
    return Q(**{f"{text}__contains": Value(term)})


def _begins(text: str, word: str) -> Q:
    """Return the condition that a word of ``text``, a path, begins with ``word``."""
    behind_space = Concat(Value(" "), Value(word))
    return Q(**{f"{text}__startswith": Value(word)}) | Q(**{f"{text}__contains": behind_space})


def _anywhere(terms: Terms, text: str) -> Q:
    """Return the condition that ``text``, the path of what is searched, matches ``terms``."""
    for signs in terms.signs:
        # Signs are text like any other, but search_text keeps only those of addresses and ids.
        return _has(text, signs) | _named(signs)
    wanted = Q()
    for word in terms.words:
        if terms.are_short:
            # A longer word lets the index narrow the rows; short ones alone cannot.
            wanted &= _begins(text, word)
        else:
            wanted &= _has(text, word)
    numbers = Q()
    for number in terms.numbers:
        numbers |= _has(text, number)
    # Of an empty Q and another one, OR keeps the other one alone.
    return numbers | wanted


def find(user: User, query: str) -> tuple[list[Hit], bool]:
    """Return at most MOST visible leads, newest first, and whether there are more. One query."""
    if not is_enough(query):
        return [], False
    leads = FOUND.objects(user=user, terms=Terms.of(query))
    hits = []
    for lead in leads[:MOST]:
        matched: list[tuple[str, str]] = []
        if not contact_privacy.is_hidden(lead, user):
            matched = _matched(lead, query)
        hits.append(Hit(lead, matched))
    return hits, len(leads) > MOST


def _found(*, user: User, terms: Terms) -> LeadQuerySet:
    visible = Lead.objects.visible_to(user)
    rows = visible.filter(condition(terms, user), archived_at__isnull=True)
    # One lead more than is shown answers whether there are more, without a count.
    first = rows.order_by(*NEWEST)[: MOST + 1]
    # Names are joined to these alone: for all that match, PostgreSQL would read whole tables.
    named = Lead.objects.with_names().filter(pk__in=first.values("pk"))
    return named.order_by(*NEWEST)


FOUND = KeptSql(_found)


def _matched(lead: Lead, query: str) -> list[tuple[str, str]]:
    """Return the facts besides name and company that match ``query``."""
    words = words_of(query)
    phone_numbers = phones_of(query)
    person = lead.person
    facts = {_("E-mail"): person.email, _("External id"): lead.external_id}
    matched = []
    for label, value in facts.items():
        if _matches(value, words):
            matched.append((label, value))
    # Digits among other words are no phone of their own, but search_text matches them all the same.
    numbers = phone_numbers or [word for word in words if word.isdigit()]
    if any(number in digits(person.phone) for number in numbers):
        matched.append((_("Phone"), person.phone))
    return matched


def _matches(value: str, words: Sequence[str]) -> bool:
    """Return whether one of ``words`` occurs in the value, as it is stored or folded."""
    lower = value.lower()
    folded = fold(value).split()
    return any(word in lower or word in folded for word in words)

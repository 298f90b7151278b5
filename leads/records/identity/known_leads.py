"""Look up the existing lead of a person, for the form, the API and both imports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import User
from crm.lib.errors import Conflict
from leads.models import Lead
from leads.models.imports import UNKNOWN_SYSTEM
from leads.models.lead import LeadQuerySet
from leads.records.fields import FIELD_LABELS
from leads.records.identity import phones, rules
from leads.records.identity.rules import Field, Identity, Verdict

COLUMNS = (
    "pk",
    "person__name",
    "person__email",
    "person__phone",
    "person__phone_extension",
    "external_system",
    "external_id",
)
RULES = tuple(Field)
# Without empty texts, which are in no index and like nothing.
ALIKE = """
SELECT EXISTS (SELECT FROM leads_person WHERE email = %s AND email <> '')
    OR EXISTS (SELECT FROM leads_person WHERE phone = ANY(%s) AND phone <> '')
"""


class KnownAlready(Conflict):
    """The person is a lead already; ``more`` has its id and the field that matched."""

    code = "known_already"

    def __init__(self, match: Match) -> None:
        field = str(FIELD_LABELS.get(match.field, _("External id")))
        self.match = match
        self.more = {"lead": match.lead, "field": match.field.value}
        super().__init__(
            _("This person is a lead already. The same: %(field)s.") % {"field": field}
        )


@dataclass(frozen=True)
class Match:
    """A lead that is the person, or, with ``is_same`` False, one that only shares the phone.

    ``may_be_known``: e-mail and external id are equal, and of one of them the system is unknown.
    """

    lead: int
    field: Field
    is_same: bool
    has_other_email: bool = False
    may_be_known: bool = False


def find(wanted: Sequence[Identity], *, sight: LeadQuerySet) -> list[Match | None]:
    """Return for each identity the lead of ``sight`` that decides, None for none. One query.

    A lead that the user may not see never matches. Archived leads are left out: their people may
    be logged again.
    """
    rows = _candidates(wanted, sight)
    by_key: dict[tuple[str, str], list[tuple[int, Identity]]] = defaultdict(list)
    for pk, *facts in rows:
        known = Identity(*facts)
        for key in _keys(known):
            by_key[key].append((pk, known))
    return [_match(each, by_key) for each in wanted]


def find_one(wanted: Identity, *, user: User) -> Match | None:
    """Return the match of one identity in the sight of ``user``, None for none.

    Mostly nobody is alike, in sight or not: then one cheap query is enough.
    """
    if not wanted.external_id and not _is_anyone_alike(wanted):
        return None
    return find([wanted], sight=Lead.objects.visible_to(user))[0]


def refuse_known(wanted: Identity, *, user: User) -> Match | None:
    """Raise KnownAlready for the same person; return a lead that only shares the phone."""
    match = find_one(wanted, user=user)
    if match is not None and match.is_same:
        raise KnownAlready(match)
    return match


def _is_anyone_alike(wanted: Identity) -> bool:
    """Return whether any person has e-mail or phone of ``wanted``. Not to be shown to anybody."""
    if not (wanted.email or wanted.phone):
        return False
    with connection.cursor() as cursor:
        cursor.execute(ALIKE, [wanted.email.lower(), phones.forms(wanted.phone)])
        return cursor.fetchone()[0]


def _candidates(wanted: Sequence[Identity], sight: LeadQuerySet) -> Sequence[Sequence[Any]]:
    """Return the leads that share anything with ``wanted``, the oldest first."""
    emails = {each.email.lower() for each in wanted if each.email}
    ids = {each.external_id for each in wanted if each.external_id}
    numbers = {form for each in wanted if each.phone for form in phones.forms(each.phone)}
    conditions = []
    if emails:
        conditions.append(Q(person__email__in=emails))
    if numbers:
        conditions.append(Q(person__phone__in=numbers))
    if ids:
        conditions.append(Q(external_id__in=ids))
    if not conditions:
        return []
    # A part for each condition, each by an index of its own; one OR could use none of them.
    rows = sight.filter(archived_at__isnull=True).order_by()
    parts = [rows.filter(condition).values_list(*COLUMNS) for condition in conditions]
    return list(parts[0].union(*parts[1:]).order_by("pk"))


def _keys(known: Identity) -> list[tuple[str, str]]:
    keys = [("email", known.email.lower()), ("id", known.external_id)]
    keys.append(("phone", rules.phone_key(known)))
    return [key for key in keys if key[1]]


def _match(
    wanted: Identity, by_key: Mapping[tuple[str, str], list[tuple[int, Identity]]]
) -> Match | None:
    """Return the best match: by the first rule, then the oldest lead; a warning comes last."""
    best: tuple[tuple[bool, int], Match] | None = None
    for key in _keys(wanted):
        for pk, known in by_key.get(key, ()):
            verdict = rules.compare(wanted, known)
            if verdict.field is None:
                continue
            rank = (not verdict.is_same, RULES.index(verdict.field))
            if best is None or rank < best[0]:
                best = (rank, _as_match(pk, wanted, known, verdict, verdict.field))
    return best[1] if best else None


def _as_match(pk: int, wanted: Identity, known: Identity, verdict: Verdict, field: Field) -> Match:
    is_unknown = UNKNOWN_SYSTEM in (wanted.system, known.system)
    has_equal_ids = bool(wanted.external_id) and wanted.external_id == known.external_id
    return Match(
        lead=pk,
        field=field,
        is_same=verdict.is_same,
        has_other_email=verdict.has_other_email,
        may_be_known=field == Field.EMAIL and has_equal_ids and is_unknown,
    )

"""Custom fields: facts that the organisation adds to its leads. Archived, never deleted."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts.models import User
from crm.audit.entries import record
from crm.lib import catalogue
from crm.lib.bilingual import LANGUAGES
from crm.lib.countries import choices as countries
from crm.lib.errors import Conflict, DomainError
from crm.lib.text import fold
from leads.models import CustomField, Source
from leads.records.fields import FIELD_LABELS
from personas.fields import Field
from personas.states import FieldType

Choice = dict[str, Any]

MOST_CHOICES = 60
LONGEST = 80
# The standard facts that are no text.
TYPES = {
    "company.employees": FieldType.NUMBER,
    "person.country": FieldType.CHOICE,
    "company.country": FieldType.CHOICE,
    "lead.source": FieldType.CHOICE,
}


# JSON as text, so that the rows can be compared.
IN_USE = """
SELECT id, code, name::text, type, choices::text, position FROM leads_customfield
WHERE archived_at IS NULL ORDER BY position, code
"""


class BadField(DomainError):
    """The field is not valid; ``fields`` names each problem."""

    code = "bad_field"
    message = gettext_lazy("This field cannot be saved as it is.")


class NameTaken(Conflict):
    """Two people created the same field at once."""

    code = "name_taken"
    message = gettext_lazy("Somebody else has just made a field of this name.")


def create(
    name: Mapping[str, str],
    type: str,
    choices: Iterable[Mapping[str, str]] = (),
    *,
    by: User,
    at: datetime,
) -> CustomField:
    """Create a field at the end of the form.

    ``choices``: bilingual, for the type "choice". Raises BadField, NameTaken.
    """
    texts = _name(name)
    if type not in CustomField.Type.values:
        raise BadField(fields={"type": _("Choose what the field holds.")})
    listed: list[Choice] = []
    if type == CustomField.Type.CHOICE:
        listed = _choices(choices)
    code = catalogue.new_code(CustomField, texts, default="field")
    payload = {"code": code, "type": type}
    # new_code() reads which codes are free; another person may take this one before the INSERT.
    try:
        with transaction.atomic():
            custom = CustomField.objects.create(
                code=code,
                name=texts,
                type=type,
                choices=listed,
                position=catalogue.last_position(CustomField),
            )
            record("custom_field_created", custom, by=by, at=at, payload=payload)
    except IntegrityError:
        raise NameTaken from None
    return custom


@transaction.atomic
def change(
    custom: CustomField,
    name: Mapping[str, str],
    choices: Iterable[Mapping[str, str]] = (),
    *,
    by: User,
    at: datetime,
) -> CustomField:
    """Change names, add choices. Type and values of choices stay. Raises BadField."""
    # Locked before it is read: the audit must hold what this change replaces.
    custom = CustomField.objects.select_for_update(no_key=True).get(pk=custom.pk)
    before = {"name": custom.name, "choices": custom.choices}
    custom.name = _name(name)
    if custom.type == CustomField.Type.CHOICE:
        # Leads are stored with these values, so none may go or change.
        kept = [option["value"] for option in custom.options]
        custom.choices = _choices(choices, kept=kept)
    custom.save(update_fields=["name", "choices"])
    record("custom_field_changed", custom, by=by, at=at, payload={"before": before})
    return custom


@transaction.atomic
def archive(custom: CustomField, *, by: User, at: datetime) -> CustomField:
    """Archive ``custom``: forms no longer ask for it.

    Answers of leads stay, and criteria that use it still judge.
    """
    if catalogue.archive(custom, at=at):
        record("custom_field_archived", custom, by=by, at=at)
    return custom


@transaction.atomic
def restore(custom: CustomField, *, by: User, at: datetime) -> CustomField:
    """Ask for ``custom`` again."""
    if catalogue.restore(custom):
        record("custom_field_restored", custom, by=by, at=at)
    return custom


def in_use() -> tuple[CustomField, ...]:
    """Return the fields that forms ask for, in their order."""
    with connection.cursor() as cursor:
        cursor.execute(IN_USE)
        rows = tuple(cursor.fetchall())
    return _from_rows(rows)


# The rows are the version of the catalogue: the fields are made anew when one changes.
@lru_cache(maxsize=4)
def _from_rows(rows: tuple[tuple[Any, ...], ...]) -> tuple[CustomField, ...]:
    fields = []
    for pk, code, name, type_, choices, position in rows:
        fields.append(
            CustomField(
                pk=pk,
                code=code,
                name=json.loads(name),
                type=type_,
                choices=json.loads(choices),
                position=position,
            )
        )
    return tuple(fields)


def criterion_fields() -> dict[str, Field]:
    """Return the facts that criteria may use, by code: standard ones, then custom fields.

    Two queries.
    """
    # Archived sources and fields as well: criteria that were signed with them must stay readable.
    sources = tuple((row.code, str(row)) for row in Source.objects.all())
    listed = {
        "lead.source": sources,
        "person.country": tuple(countries()),
        "company.country": tuple(countries()),
    }
    fields: dict[str, Field] = {}
    for code, label in FIELD_LABELS.items():
        type = TYPES.get(code, FieldType.TEXT)
        fields[code] = Field(
            code,
            str(label),
            type,
            listed.get(code, ()),
            # The only standard number is a count of people.
            is_whole=type == FieldType.NUMBER,
        )
    for custom in CustomField.objects.all():
        code = f"attributes.{custom.code}"
        fields[code] = Field(
            code,
            str(custom),
            custom.type,
            tuple(custom.form_choices()),
            is_archived=custom.archived_at is not None,
            is_custom=True,
        )
    return fields


def _name(name: Mapping[str, str]) -> dict[str, str]:
    """Return the clean texts of ``name``. Raises BadField where there is none."""
    texts = catalogue.clean_name(name, longest=LONGEST)
    if not texts:
        raise BadField(fields={"es": _("Give a name in at least one language.")})
    return texts


def _choices(choices: Iterable[Mapping[str, str]], kept: Iterable[str] = ()) -> list[Choice]:
    """Return the choices as they are stored: "value" and a name in each language.

    A new choice gets its value from its first name, once; leads are stored with it. ``kept``:
    values that must be among the choices. Raises BadField.
    """
    unclaimed = set(kept)
    taken = set(unclaimed)
    listed: list[Choice] = []
    for each in choices:
        names = catalogue.clean_name(each, longest=LONGEST)
        # The form has empty rows for further choices.
        if not names:
            continue
        value = each.get("value") or ""
        # A value that is not stored is not trusted: it comes from the request.
        if value not in unclaimed:
            value = _free_value(names.get("es") or names["en"], taken)
        taken.add(value)
        unclaimed.discard(value)
        listed.append({"value": value, **names})
    _check_choices(listed, unclaimed)
    return listed


def _free_value(base: str, taken: set[str]) -> str:
    """Return ``base``, with a number behind it if it is ``taken``."""
    if base not in taken:
        return base
    for number in range(2, MOST_CHOICES * 2):
        numbered = f"{base} {number}"
        if numbered not in taken:
            return numbered
    raise _bad_choices(_("Two choices read the same."))


def _check_choices(listed: list[Choice], missing: set[str]) -> None:
    """Raise BadField for ``missing`` values, too few or too many choices, and equal names."""
    if missing:
        text = _("A choice that leads may have answered with stays; change its words.")
        raise _bad_choices(text)
    if len(listed) < 2:
        raise _bad_choices(_("Give at least two choices."))
    if len(listed) > MOST_CHOICES:
        text = _("Give at most %(count)d choices.") % {"count": MOST_CHOICES}
        raise _bad_choices(text)
    # Folded: an import finds a choice by its name without accents and capitals.
    names = []
    for choice in listed:
        for language in LANGUAGES:
            if choice.get(language):
                names.append((language, fold(choice[language])))
    if len(names) != len(set(names)):
        raise _bad_choices(_("Two choices read the same."))


def _bad_choices(text: str) -> BadField:
    return BadField(fields={"choice-0-es": text})

"""Custom fields: what the organisation asks of its leads beyond the usual.

They are put away, never deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
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

MOST_CHOICES = 60
LONGEST = 80
# What is no text among the facts that every lead has.
TYPES = {
    "company.employees": FieldType.NUMBER,
    "person.country": FieldType.CHOICE,
    "company.country": FieldType.CHOICE,
    "lead.source": FieldType.CHOICE,
}


class BadField(DomainError):
    """A field that nobody could fill in; ``fields`` says why, beside what is wrong."""

    code = "bad_field"
    message = gettext_lazy("This field cannot be saved as it is.")


class NameTaken(Conflict):
    """Two people made the same field at once."""

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
    """A new field at the end of the form.

    ``choices``: bilingual, for the type "choice". BadField names what is wrong.
    """
    words = _name(name)
    if type not in CustomField.Type.values:
        raise BadField(fields={"type": _("Choose what the field holds.")})
    listed = _choices(choices) if type == CustomField.Type.CHOICE else []
    code = catalogue.new_code(CustomField, words, default="field")
    position = catalogue.last_position(CustomField)
    try:
        with transaction.atomic():
            custom = CustomField.objects.create(
                code=code, name=words, type=type, choices=listed, position=position
            )
            record(
                "custom_field_created", custom, by=by, at=at, payload={"code": code, "type": type}
            )
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
    """Other words, further choices.

    The type stays, and so do the values of choices: leads have answered with them.
    """
    custom = CustomField.objects.select_for_update(no_key=True).get(pk=custom.pk)
    before = {"name": custom.name, "choices": custom.choices}
    custom.name = _name(name)
    if custom.type == CustomField.Type.CHOICE:
        custom.choices = _choices(choices, kept=[option["value"] for option in custom.options])
    custom.save(update_fields=["name", "choices"])
    record("custom_field_changed", custom, by=by, at=at, payload={"before": before})
    return custom


@transaction.atomic
def archive(custom: CustomField, *, by: User, at: datetime) -> CustomField:
    """Archive ``custom``: it is asked for no more.

    What leads have answered stays, and criteria that ask for it still judge.
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


def criterion_fields() -> dict[str, Field]:
    """Everything that criteria may ask of a lead, by code: the usual facts, then the custom fields.

    Two queries.
    """
    sources = tuple((row.code, str(row)) for row in Source.objects.all())
    listed = {
        "lead.source": sources,
        "person.country": tuple(countries()),
        "company.country": tuple(countries()),
    }
    found = {
        code: Field(code, str(label), TYPES.get(code, FieldType.TEXT), listed.get(code, ()))
        for code, label in FIELD_LABELS.items()
    }
    for custom in CustomField.objects.all():
        code, options = f"attributes.{custom.code}", tuple(custom.form_choices())
        archived = custom.archived_at is not None
        found[code] = Field(
            code, str(custom), custom.type, options, is_archived=archived, is_custom=True
        )
    return found


def _name(name: Mapping[str, str]) -> dict[str, str]:
    """Return the clean texts of ``name``. Raises BadField where there is none."""
    texts = catalogue.clean_name(name, longest=LONGEST)
    if not texts:
        raise BadField(fields={"es": _("Give a name in at least one language.")})
    return texts


def _choices(
    choices: Iterable[Mapping[str, str]], kept: Iterable[str] = ()
) -> list[dict[str, Any]]:
    """The choices as they are stored: ``value`` is what a lead answers with, made once from the
    first words.
    """
    found: list[dict[str, Any]] = []
    known = set(kept)
    taken = set(known)
    for each in choices:
        words = catalogue.clean_name(each, longest=LONGEST)
        if not words:
            continue
        value = each.get("value") or ""
        if value not in known:
            base = words.get("es") or words["en"]
            value = next(
                v
                for n in range(1, MOST_CHOICES * 2)
                if (v := base if n == 1 else f"{base} {n}") not in taken
            )
        taken.add(value)
        known.discard(value)
        found.append({"value": value, **words})
    if known:
        raise BadField(
            fields={
                "choice-0-es": _(
                    "A choice that leads may have answered with stays; change its words."
                )
            }
        )
    if len(found) < 2:
        raise BadField(fields={"choice-0-es": _("Give at least two choices.")})
    if len(found) > MOST_CHOICES:
        raise BadField(
            fields={"choice-0-es": _("Give at most %(count)d choices.") % {"count": MOST_CHOICES}}
        )
    said = [
        (language, fold(each[language]))
        for each in found
        for language in LANGUAGES
        if each.get(language)
    ]
    if len(said) != len(set(said)):
        raise BadField(fields={"choice-0-es": _("Two choices read the same.")})
    return found

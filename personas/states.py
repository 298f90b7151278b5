"""States of a persona's version, kinds of criteria, operators."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.lib.db.state_machine import Moves


class VersionState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    PUBLISHED = "published", _("Published")
    SUPERSEDED = "superseded", _("Superseded")


# A trigger of the database knows the same moves; tests compare the two.
VERSION_MOVES: Moves = {
    VersionState.DRAFT: frozenset({VersionState.PUBLISHED}),
    VersionState.PUBLISHED: frozenset({VersionState.SUPERSEDED}),
}


class CriterionKind(models.TextChoices):
    """Fit makes an MQL (with a valuable action); a disqualifier forbids it; the others make an MQL
    an SQL.
    """

    FIT = "fit", _("Fit")
    DISQUALIFIER = "disqualifier", _("Disqualifier")
    MEANS = "means", _("Means")
    AUTHORITY = "authority", _("Authority")
    NEED = "need", _("Need")
    TIMING = "timing", _("Timing")


class Operator(models.TextChoices):
    IS = "is", _("is")
    IN = "in", _("is one of")
    NOT_IN = "not_in", _("is none of")
    AT_LEAST = "at_least", _("is at least")
    AT_MOST = "at_most", _("is at most")
    BEFORE = "before", _("is before")
    AFTER = "after", _("is after")
    CONTAINS_ANY = "contains_any", _("contains any of")
    IS_SET = "is_set", _("is given")
    SAID = "said", _("is confirmed by a person")


class FieldType(models.TextChoices):
    """What a fact of a lead can be."""

    TEXT = "text", _("Text")
    NUMBER = "number", pgettext_lazy("type of field", "Number")
    YES_NO = "yes_no", _("Yes or no")
    DATE = "date", pgettext_lazy("type of field", "Date")
    CHOICE = "choice", _("Choice from a list")


# What may be asked of a fact of each type, the usual question first.
OPERATORS: dict[str, tuple[Operator, ...]] = {
    FieldType.TEXT: (
        Operator.CONTAINS_ANY,
        Operator.IS,
        Operator.IN,
        Operator.NOT_IN,
        Operator.IS_SET,
        Operator.SAID,
    ),
    FieldType.NUMBER: (
        Operator.AT_LEAST,
        Operator.AT_MOST,
        Operator.IS,
        Operator.IS_SET,
        Operator.SAID,
    ),
    FieldType.YES_NO: (Operator.IS, Operator.IS_SET, Operator.SAID),
    FieldType.DATE: (Operator.BEFORE, Operator.AFTER, Operator.IS, Operator.IS_SET, Operator.SAID),
    FieldType.CHOICE: (Operator.IN, Operator.NOT_IN, Operator.IS, Operator.IS_SET, Operator.SAID),
}
WITHOUT_OPERAND = frozenset({Operator.IS_SET, Operator.SAID})
WITH_SEVERAL = frozenset({Operator.IN, Operator.NOT_IN, Operator.CONTAINS_ANY})

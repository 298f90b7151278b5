"""States of a persona's version, kinds of criteria, operators."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.lib.moves import Moves


class VersionState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    PUBLISHED = "published", _("Published")
    SUPERSEDED = "superseded", _("Superseded")


VERSION_MOVES: Moves = {
    VersionState.DRAFT: frozenset({VersionState.PUBLISHED}),
    VersionState.PUBLISHED: frozenset({VersionState.SUPERSEDED}),
}


class CriterionKind(models.TextChoices):
    """Fit makes an MQL (with a valuable action), means and authority make an SQL; a disqualifier forbids both."""

    FIT = "fit", _("Fit")
    DISQUALIFIER = "disqualifier", _("Disqualifier")
    MEANS = "means", _("Means")
    AUTHORITY = "authority", _("Authority")


class Operator(models.TextChoices):
    IS = "is", _("is")
    IN = "in", _("is one of")
    NOT_IN = "not_in", _("is none of")
    AT_LEAST = "at_least", _("is at least")
    AT_MOST = "at_most", _("is at most")
    CONTAINS_ANY = "contains_any", _("contains any of")
    IS_SET = "is_set", _("is given")
    SAID = "said", _("is confirmed by a person")

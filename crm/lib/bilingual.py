"""Text that the organisation writes in Spanish and in English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

LANGUAGES = ("es", "en")


def validate_bilingual(value: Any) -> None:
    """Raise ValidationError unless ``value`` has a text in Spanish (es) or English (en)."""
    if not isinstance(value, dict) or not set(value) <= set(LANGUAGES):
        raise ValidationError(_("Write the text in Spanish, in English, or in both."))
    if not any(isinstance(text, str) and text.strip() for text in value.values()):
        raise ValidationError(_("Write the text in at least one language."))


class BilingualField(models.JSONField):
    """A text in two languages: ``{"es": "Pidió una demo", "en": "Asked for a demo"}``."""

    default_validators = [validate_bilingual]


def in_language(value: Mapping[str, str] | str | None, language: str | None = None) -> str:
    """Return the text in ``language``, by default the active one, else in the other language.

    A plain text is returned as it is.
    """
    if value is None or isinstance(value, str):
        return value or ""
    wanted = (language or get_language() or "es")[:2]
    return value.get(wanted) or value.get("es") or value.get("en") or ""

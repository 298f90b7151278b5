"""Text in Spanish and English, side by side."""

from __future__ import annotations

BilingualText = dict[str, str]


def both(es: str, en: str) -> BilingualText:
    """Return the value of a BilingualField."""
    return {"es": es, "en": en}

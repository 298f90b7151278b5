"""Problems of rows and cells, stored untranslated and translated when they are displayed.

A worker detects the problems and a person reads them later, in their own language. So a problem
is the English text (the msgid of the catalogue) and its values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils import translation

Label = Callable[[str], str]  # of a field's code


@dataclass(frozen=True)
class DeferredText:
    """Text whose translation is deferred until it is displayed.

    Modules that report problems import :func:`deferred` as ``_``, so that makemessages collects the
    texts: ``_("“%(cell)s” is no country") % {"cell": cell}``.
    """

    text: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __mod__(self, values: Mapping[str, Any]) -> DeferredText:
        return DeferredText(self.text, {name: _plain(value) for name, value in values.items()})

    def __str__(self) -> str:
        translated = translation.gettext(self.text)
        if self.values:
            return translated % {name: shown(value) for name, value in self.values.items()}
        return translated

    def to_json(self) -> dict[str, Any]:
        """Return the text as it is stored."""
        values = {name: _stored(value) for name, value in self.values.items()}
        return {"text": self.text, "values": values}

    @staticmethod
    def from_json(stored: Mapping[str, Any]) -> DeferredText:
        """Return the text of :meth:`to_json`."""
        values = {name: _read(value) for name, value in stored.get("values", {}).items()}
        return DeferredText(stored["text"], values)


def deferred(text: str) -> DeferredText:
    """Defer the translation of ``text``, a msgid, until it is displayed."""
    return DeferredText(text)


def _plain(value: Any) -> Any:
    """Return a value that JSON can store; convert other types to text."""
    if isinstance(value, DeferredText | int | str):
        return value
    return str(value)


def shown(value: Any) -> Any:
    """Return a value of a message in the active language; a stored message is translated."""
    value = _read(value)
    if isinstance(value, DeferredText):
        return str(value)
    return value


def _stored(value: Any) -> Any:
    if isinstance(value, DeferredText):
        return value.to_json()
    return value


def _read(value: Any) -> Any:
    if isinstance(value, dict):
        return DeferredText.from_json(value)
    return value


@dataclass(frozen=True)
class Problem:
    """Problem of a row: of the cell at ``position`` or, without a position, of the whole row.

    ``field`` is the target of the cell, whose label is read in the reader's language; ``column`` is
    the name of its column in the file.
    """

    why: DeferredText
    field: str = ""
    column: str = ""
    position: int | None = None

    def text(self, label: Label) -> str:
        """Return the problem in the active language, with the name of the field before it."""
        if not self.field:
            return str(self.why)
        name = label(self.field)
        if self.column:
            name = f"{name} ({self.column})"
        return f"{name}: {self.why}"

    def to_json(self) -> dict[str, Any]:
        """Return the problem as it is stored."""
        stored = self.why.to_json()
        if self.field:
            stored["field"] = self.field
        if self.column:
            stored["column"] = self.column
        if self.position is not None:
            stored["position"] = self.position
        return stored

    @staticmethod
    def from_json(stored: Mapping[str, Any]) -> Problem:
        """Return the problem of :meth:`to_json`."""
        return Problem(
            DeferredText.from_json(stored),
            field=stored.get("field", ""),
            column=stored.get("column", ""),
            position=stored.get("position"),
        )


def joined(problems: Iterable[Problem], label: Label) -> str:
    """Return the problems of a row as one line."""
    return "; ".join(problem.text(label) for problem in problems)

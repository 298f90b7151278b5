"""Why a row or a cell is refused or noted: put into words when it is read, not when it is found.

A worker finds the problems and a person reads them later, in the language of that person. So a
problem is the English text (the msgid of the catalogue) and its values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils import translation

Label = Callable[[str], str]  # of a field's code


@dataclass(frozen=True)
class Said:
    """A text that is translated when it is read.

    Modules that find problems import :func:`said` as ``_``, so that the texts are collected for
    translation: ``_("“%(cell)s” is no country") % {"cell": cell}``.
    """

    text: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __mod__(self, values: Mapping[str, Any]) -> Said:
        return Said(self.text, {name: _plain(value) for name, value in values.items()})

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
    def from_json(stored: Mapping[str, Any]) -> Said:
        """Return the text of :meth:`to_json`."""
        values = {name: _read(value) for name, value in stored.get("values", {}).items()}
        return Said(stored["text"], values)


def said(text: str) -> Said:
    """Return ``text``, a msgid, to be translated when it is read."""
    return Said(text)


def _plain(value: Any) -> Any:
    """Return a value that JSON can store: what is no number and no text becomes one."""
    if isinstance(value, Said | int | str):
        return value
    return str(value)


def shown(value: Any) -> Any:
    """Return a value of a message in the active language; it may be a stored message."""
    value = _read(value)
    if isinstance(value, Said):
        return str(value)
    return value


def _stored(value: Any) -> Any:
    if isinstance(value, Said):
        return value.to_json()
    return value


def _read(value: Any) -> Any:
    if isinstance(value, dict):
        return Said.from_json(value)
    return value


@dataclass(frozen=True)
class Problem:
    """What is wrong with a row: with the cell at ``position`` or, without one, with all of it.

    ``field`` is the target of the cell, whose label is read in the reader's language; ``column`` is
    the name of its column in the file.
    """

    why: Said
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
            Said.from_json(stored),
            field=stored.get("field", ""),
            column=stored.get("column", ""),
            position=stored.get("position"),
        )


def joined(problems: Iterable[Problem], label: Label) -> str:
    """Return the problems of a row as one line."""
    return "; ".join(problem.text(label) for problem in problems)

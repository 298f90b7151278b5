"""The facts that criteria may ask for, as plain data; the layer that knows leads makes the
catalogue of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from personas.states import OPERATORS, FieldType, Operator


@dataclass(frozen=True)
class Field:
    """One fact: ``code`` as criteria name it, ``name`` in the active language, ``choices`` of
    (value, name).

    ``is_archived``: it still judges where a criterion asks for it, and is offered nowhere.
    """

    code: str
    name: str
    type: str
    choices: tuple[tuple[str, str], ...] = ()
    is_archived: bool = False
    is_custom: bool = field(default=False, compare=False)


Fields = Mapping[str, Field]
# For criteria that ask for no fact: only a person can say whether it is so.
NOBODY_KNOWS = Field("", "", FieldType.TEXT)


def operators(field: Field) -> tuple[Operator, ...]:
    """What may be asked of ``field``, the usual question first."""
    return OPERATORS[field.type] if field.code else (Operator.SAID,)

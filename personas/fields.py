"""The facts that criteria may ask for, as plain data; the layer that knows leads makes the
catalogue of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from personas.states import OPERATORS, FieldType, Operator


@dataclass(frozen=True)
class Field:
    """One fact about a lead that criteria can use.

    ``code`` is its name in criteria, ``name`` its name in the active language, ``choices`` are
    pairs of value and name. An archived field still judges where a criterion uses it, but is
    offered nowhere. ``is_whole``: a number without decimals, in which either sign groups.
    """

    code: str
    name: str
    type: str
    choices: tuple[tuple[str, str], ...] = ()
    is_archived: bool = False
    is_custom: bool = field(default=False, compare=False)
    is_whole: bool = field(default=False, compare=False)


Fields = Mapping[str, Field]
# The field of criteria that no fact decides; only a person can confirm them.
NO_FIELD = Field("", "", FieldType.TEXT)


def operators(field: Field) -> tuple[Operator, ...]:
    """Return the operators that fit ``field``, the usual one first."""
    if not field.code:
        return (Operator.SAID,)
    return OPERATORS[field.type]

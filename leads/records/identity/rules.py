"""Decide whether two identities are one person, and by which field. Pure.

The rules, of which the first that applies decides:

1. the same external id of the same system: yes
2. two e-mail addresses: equal yes, different no
3. equal phones with equal extensions: yes if the names are equal without accents, or if one side
   gives neither name nor e-mail; else no, with a warning
4. otherwise no
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from crm.lib.text import digits, fold
from leads.records.identity import phones


class Field(StrEnum):
    """The field that decides, by the name that it has everywhere."""

    EXTERNAL_ID = "external_id"
    EMAIL = "person.email"
    PHONE = "person.phone"
    WHOLE_ROW = "row"  # a row of a file without any of them: everything that it holds


@dataclass(frozen=True)
class Identity:
    """What a person is known by. ``phone``: as it is stored; ``system``: of the external id."""

    name: str = ""
    email: str = ""
    phone: str = ""
    extension: str = ""
    system: str = ""
    external_id: str = ""


@dataclass(frozen=True)
class Verdict:
    """Whether two identities are one person, and the field that decided.

    With ``is_same`` False a field is one that only warns. ``has_other_email``: the same external
    id, but another e-mail.
    """

    is_same: bool
    field: Field | None = None
    has_other_email: bool = False


def compare(one: Identity, other: Identity) -> Verdict:
    """Judge by the rules of this module."""
    has_emails = bool(one.email and other.email)
    has_equal_emails = has_emails and one.email.lower() == other.email.lower()
    if one.external_id and _id(one) == _id(other):
        return Verdict(True, Field.EXTERNAL_ID, has_emails and not has_equal_emails)
    if has_equal_emails:
        return Verdict(True, Field.EMAIL)
    if not one.phone or phone_key(one) != phone_key(other):
        return Verdict(False)
    has_equal_names = fold(one.name) == fold(other.name)
    is_nameless = _is_nameless(one) or _is_nameless(other)
    return Verdict(not has_emails and (has_equal_names or is_nameless), Field.PHONE)


def _id(identity: Identity) -> tuple[str, str]:
    return identity.system, identity.external_id


def _is_nameless(identity: Identity) -> bool:
    return not (identity.name or identity.email)


def phone_key(identity: Identity) -> str:
    """Return what equal phones have in common, "" for none."""
    if not identity.phone:
        return ""
    number = phones.key(identity.phone)
    if not number.startswith("+"):
        number = digits(number)
    return f"{number}x{identity.extension}"


# -- The same rules as keys, for files with more rows than fit in memory


def keys_to_keep(identity: Identity) -> Iterator[str]:
    """Yield the keys by which later identities find this one (:func:`keys_to_find`)."""
    if identity.external_id:
        yield f"id:{identity.system}:{identity.external_id}"
    if identity.email:
        yield f"email:{identity.email.lower()}"
    phone = phone_key(identity)
    if not phone:
        return
    name = fold(identity.name)
    yield f"phone:{phone}"
    if _is_nameless(identity):
        yield f"nameless:{phone}"
    yield f"named:{phone}:{name}"
    if not identity.email:
        yield f"without email:{phone}:{name}"


def keys_to_find(identity: Identity) -> Iterator[tuple[Verdict, str]]:
    """Yield keys with what an earlier identity that kept the key is, in the order of the rules.

    Whether the e-mails differ is not known from keys.
    """
    if identity.external_id:
        key = f"id:{identity.system}:{identity.external_id}"
        yield Verdict(True, Field.EXTERNAL_ID), key
    if identity.email:
        yield Verdict(True, Field.EMAIL), f"email:{identity.email.lower()}"
    phone = phone_key(identity)
    if not phone:
        return
    name = fold(identity.name)
    same = Verdict(True, Field.PHONE)
    # With an e-mail only those without one are left: rule 2 has decided on the others.
    if _is_nameless(identity):
        yield same, f"phone:{phone}"
    elif identity.email:
        yield same, f"without email:{phone}:{name}"
        yield same, f"nameless:{phone}"
    else:
        yield same, f"named:{phone}:{name}"
        yield same, f"nameless:{phone}"
    yield Verdict(False, Field.PHONE), f"phone:{phone}"

"""The agreement as a text that a person can read aloud: sections of plain sentences.

Written from its content and the names of the codes in it alone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from crm.lib.number_formats import day_words
from sla.agreements import default_terms
from sla.states import Distribution
from sla.text import clock_rules, definitions, obligations
from sla.text.commitments import Names
from sla.text.sections import Content, Section, SectionBody, SectionLine, marked

Writer = Callable[[Content, Names], SectionBody]


def sections_of(content: Content, names: Names) -> list[Section]:
    """Return the sections in reading order.

    ``names``: labels.for_reading of the same content.
    """
    sections = []
    for key, (title, write) in SECTIONS.items():
        body = write(content, names)
        sections.append(Section(key, title, body.intro, body.lines, body.quote))
    return sections


def rules(content: Content, names: Names) -> SectionBody:
    """Write how leads travel between the two sides."""
    if content["distribution"] == Distribution.PUSH:
        distribution = _("A team lead of sales gives each lead to a rep.")
    else:
        distribution = _("Reps take leads from the queue.")
    if content["hide_contact"]:
        contact = _("Sales sees phone and e-mail of a lead only after somebody accepts it.")
    else:
        contact = _("Sales sees phone and e-mail of a lead in the queue already.")
    most = content["max_returns"]
    returns = ngettext(
        "After %(count)s return of the same lead the arbiter decides what becomes of it.",
        "After %(count)s returns of the same lead the arbiter decides what becomes of it.",
        most,
    )
    arbiter = content["arbiter"] or _("the director")
    lines = [
        SectionLine("distribution", distribution),
        SectionLine("rep_cap", _rep_cap(content["rep_cap"])),
        SectionLine("hide_contact", contact),
        SectionLine("max_returns", returns % {"count": most}),
        SectionLine("arbiter", _("The arbiter is %(name)s.") % {"name": arbiter}),
        SectionLine("dispute_days", _dispute_days(content)),
        SectionLine("review_months", _review_months(content)),
    ]
    return SectionBody(_("How leads travel between the two sides:"), lines)


def _dispute_days(content: Content) -> str:
    # Texts from before this term do not say it.
    term = default_terms.term_of(content.get("dispute_days"), default_terms.DISPUTE_DAYS)
    text = ngettext(
        "A dispute about a rejection is decided within %(count)s working day.",
        "A dispute about a rejection is decided within %(count)s working days.",
        term.number,
    )
    return marked(text % {"count": term.number}, is_default=term.is_default)


def _review_months(content: Content) -> str:
    term = default_terms.term_of(content.get("review_months"), default_terms.REVIEW_MONTHS)
    text = ngettext(
        "Both sides review each buyer persona every month.",
        "Both sides review each buyer persona every %(count)s months.",
        term.number,
    )
    return marked(text % {"count": term.number}, is_default=term.is_default)


def _rep_cap(cap: int | None) -> str:
    if cap is None:
        return _("A rep may have any number of open leads.")
    text = ngettext(
        "A rep has at most %(count)s open lead at a time.",
        "A rep has at most %(count)s open leads at a time.",
        cap,
    )
    return text % {"count": cap}


def dates(content: Content, names: Names) -> SectionBody:
    """Write from when the agreement is in force, and when both sides review it."""
    lines = [
        SectionLine("starts_on", _start(content["starts_on"])),
        SectionLine("renew_by", _review(content["renew_by"])),
    ]
    return SectionBody("", lines)


def _start(starts_on: str | None) -> str:
    if not starts_on:
        return _("It comes into force as soon as both sides have signed.")
    text = _("It comes into force on %(day)s, if both sides have signed by then.")
    return text % {"day": day_words(date.fromisoformat(starts_on))}


def _review(renew_by: str | None) -> str:
    if not renew_by:
        return _("It stays in force until the next version does.")
    text = _(
        "Both sides look at it again by %(day)s. It stays in force until the next version does."
    )
    return text % {"day": day_words(date.fromisoformat(renew_by))}


# In reading order: the key of a section, its title, and the function that writes it.
SECTIONS: dict[str, tuple[Promise, Writer]] = {
    "scope": (gettext_lazy("Whom it binds"), definitions.scope),
    "mql": (gettext_lazy("What an MQL is"), definitions.mql),
    "sql": (gettext_lazy("What an SQL is"), definitions.sql),
    "package": (gettext_lazy("What comes with each lead"), definitions.package),
    "marketing": (gettext_lazy("What marketing promises"), obligations.marketing),
    "sales": (gettext_lazy("What sales promises"), obligations.sales),
    "ladder": (gettext_lazy("When time runs out"), clock_rules.ladder),
    "calendar": (gettext_lazy("When the clocks run"), clock_rules.calendar),
    "pauses": (gettext_lazy("When a clock may stand still"), clock_rules.pauses),
    "reasons": (gettext_lazy("Reasons to reject a lead"), definitions.reasons),
    "rules": (gettext_lazy("How leads are shared out"), rules),
    "capacity": (gettext_lazy("Volume and capacity"), obligations.capacity),
    "index": (gettext_lazy("What weighs how much"), obligations.index),
    "dates": (gettext_lazy("From when, until when"), dates),
}

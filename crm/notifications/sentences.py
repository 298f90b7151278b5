"""The sentences of notices: what happened, for the inbox and for mails. Plain text, no queries.

The names in a sentence are given by the caller, who asks what its reader may see
(leads.handoffs.notices.words).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from crm.accounts.models import User
from crm.lib.bilingual import in_language
from crm.lib.number_formats import number


class Told(NamedTuple):
    """What a notice or a mail stores of what happened.

    ``params`` holds ids and plain values, no name of a lead, a company or a person. ``path`` is
    the page that it leads to.
    """

    kind: str
    params: Mapping[str, Any]
    path: str


@dataclass(frozen=True)
class Words:
    """What a reader is told. ``gone``: why the lead is not named, empty where it is in sight."""

    sentence: str
    gone: str = ""


# Returns the words of each message for one reader, in the reader's language.
Writer = Callable[[User, Iterable[Told]], list[Words]]

# By kind of notice. "<kind>.<detail>" is used where a value of the notice has that detail: the
# metric, the side, the state, or "owned" where the lead has an owner.
PATTERNS: dict[str, Promise] = {
    "agreement.comment": gettext_lazy(
        "%(by)s commented on %(agreement)s, version %(number)s: %(said)s"
    ),
    "agreement.in_force": gettext_lazy("Now in force: %(agreement)s, version %(number)s"),
    "agreement.proposed": gettext_lazy(
        "%(by)s asks for your signature: %(agreement)s, version %(number)s"
    ),
    "agreement.renewal": ngettext_lazy(
        "In %(days)s day both sides look at the agreement again: %(agreement)s, version %(number)s",
        "In %(days)s days both sides look at the agreement again: %(agreement)s, version"
        " %(number)s",
        "days",
    ),
    "agreement.renewal.today": gettext_lazy(
        "It is time to look at the agreement again, and no next version is signed: %(agreement)s,"
        " version %(number)s"
    ),
    "agreement.reopened": gettext_lazy(
        "%(by)s made it a draft again; signatures are void: %(agreement)s, version %(number)s"
    ),
    "agreement.signed": gettext_lazy("%(by)s signed for sales: %(agreement)s, version %(number)s"),
    "agreement.signed.marketing": gettext_lazy(
        "%(by)s signed for marketing: %(agreement)s, version %(number)s"
    ),
    "agreement.unsigned": ngettext_lazy(
        "Waits for a signature since %(days)s day: %(agreement)s, version %(number)s",
        "Waits for a signature since %(days)s days: %(agreement)s, version %(number)s",
        "days",
    ),
    "agreement.unsigned.draft": ngettext_lazy(
        "A draft since %(days)s day: %(agreement)s, version %(number)s. Finish it and sign, or"
        " discard it.",
        "A draft since %(days)s days: %(agreement)s, version %(number)s. Finish it and sign, or"
        " discard it.",
        "days",
    ),
    "handoff.accepted": gettext_lazy("%(by)s accepted %(lead)s"),
    "handoff.action": gettext_lazy("New from %(lead)s: %(why)s"),
    "handoff.arbitrated": gettext_lazy("%(by)s decided what becomes of %(lead)s"),
    "handoff.arbitrated.again": gettext_lazy("%(by)s decided: %(lead)s goes to sales once more"),
    "handoff.arbitrated.closed": gettext_lazy("%(by)s decided: %(lead)s is closed"),
    "handoff.arbitrated.denied": gettext_lazy("%(by)s decided: the rejection of %(lead)s stands"),
    "handoff.arbitrated.recycled": gettext_lazy("%(by)s decided: %(lead)s is recycled"),
    "handoff.arbitrated.upheld": gettext_lazy(
        "%(by)s decided: the rejection of %(lead)s is overturned, and it goes to sales again"
    ),
    "handoff.breached": gettext_lazy("Overdue: nobody in %(team)s accepted or rejected %(lead)s"),
    "handoff.breached.dispute": gettext_lazy(
        "Overdue: the arbiter has not decided what becomes of %(lead)s"
    ),
    "handoff.breached.first_contact": gettext_lazy("Overdue: %(lead)s was not contacted in time"),
    "handoff.breached.return_answer": gettext_lazy(
        "Overdue: sales sent %(lead)s back, and %(team)s has not answered"
    ),
    "handoff.breached.sql_decision": gettext_lazy("Overdue: no SQL decision on %(lead)s"),
    "handoff.disqualified": gettext_lazy("%(by)s disqualified %(lead)s: %(why)s"),
    "handoff.disputed": gettext_lazy(
        "%(by)s contests that %(lead)s was rejected: please decide as the arbiter"
    ),
    "handoff.duplicate": gettext_lazy("%(by)s says that %(lead)s is a duplicate of another lead"),
    "handoff.escalated_director": gettext_lazy(
        "%(team)s is still overdue with %(lead)s: nobody took it"
    ),
    "handoff.escalated_director.dispute": gettext_lazy(
        "The arbiter has still not decided what becomes of %(lead)s"
    ),
    "handoff.escalated_director.return_answer": gettext_lazy(
        "%(team)s has still not answered that sales sent %(lead)s back"
    ),
    "handoff.escalated_director.owned": gettext_lazy(
        "%(team)s is still overdue with %(lead)s, owner %(owner)s"
    ),
    "handoff.escalated_lead": gettext_lazy(
        "Your team is overdue with %(lead)s, nobody took it: please step in"
    ),
    "handoff.escalated_lead.return_answer": gettext_lazy(
        "Your team has not answered that sales sent %(lead)s back: please step in"
    ),
    "handoff.escalated_lead.owned": gettext_lazy(
        "Your team is overdue with %(lead)s, owner %(owner)s: please step in"
    ),
    "handoff.given_back": gettext_lazy(
        "%(by)s could not reach %(lead)s by its data and gave it back: %(why)s"
    ),
    "handoff.lost": gettext_lazy("%(by)s closed %(lead)s as lost: %(why)s"),
    "handoff.misrouted": gettext_lazy("%(by)s passed %(lead)s on to another team"),
    "handoff.misrouted.sent_back": gettext_lazy(
        "%(by)s says that %(lead)s is for another team: it is with you again"
    ),
    "handoff.new": gettext_lazy("New in the queue of %(team)s: %(lead)s"),
    "handoff.next_step": gettext_lazy("Your next step with %(lead)s is due"),
    "handoff.next_step.attempt": gettext_lazy("Try again to reach %(lead)s"),
    "handoff.next_step.call_back": gettext_lazy("Call %(lead)s, as agreed"),
    "handoff.next_step.not_reached": gettext_lazy(
        "%(lead)s was not reached in the agreed attempts: recycle it, or set another step"
    ),
    "handoff.reapplied": gettext_lazy(
        "%(by)s brought your open leads to the agreement in force: some deadlines have moved"
    ),
    "handoff.reassigned": gettext_lazy("%(by)s gave you %(lead)s"),
    "handoff.recycled": gettext_lazy("%(by)s recycled %(lead)s: it is parked for later"),
    "handoff.rejected": gettext_lazy("%(by)s rejected %(lead)s: %(why)s"),
    "handoff.repeated": gettext_lazy(
        "%(lead)s was rejected as often as agreed: please decide as the arbiter"
    ),
    "handoff.requeued": gettext_lazy("Back at the head of the queue of %(team)s: %(lead)s"),
    "handoff.resumed": gettext_lazy(
        "The pause is over: the clock of the first contact with %(lead)s runs again"
    ),
    "handoff.resumed.sql_decision": gettext_lazy(
        "The pause is over: the clock of the SQL decision on %(lead)s runs again"
    ),
    "handoff.sql": gettext_lazy("%(lead)s is an SQL, says %(by)s"),
    "handoff.taken_over": gettext_lazy("%(lead)s is now with %(owner)s"),
    "handoff.warning": gettext_lazy("Time is running out to accept or reject %(lead)s"),
    "handoff.warning.dispute": gettext_lazy(
        "Time is running out for the arbiter to decide about %(lead)s"
    ),
    "handoff.warning.first_contact": gettext_lazy(
        "Time is running out for the first contact with %(lead)s"
    ),
    "handoff.warning.return_answer": gettext_lazy(
        "Time is running out to answer that sales sent %(lead)s back"
    ),
    "handoff.warning.sql_decision": gettext_lazy(
        "Time is running out for the SQL decision on %(lead)s"
    ),
    "handoff.woken": gettext_lazy("%(lead)s is awake again: its date has come"),
    "handoff.woken.action": gettext_lazy("%(lead)s is awake again: it did something new"),
    "handoff.woken.person": gettext_lazy("%(lead)s is awake again"),
    "handoff.won": gettext_lazy("%(by)s won %(lead)s"),
    "persona.published": gettext_lazy(
        "%(by)s published version %(number)s of the persona “%(name)s”"
    ),
}
# The same kinds where the reader may not see the lead (any more): what happened, and no name.
OUT_OF_SIGHT: dict[str, Promise] = {
    "handoff.accepted": gettext_lazy("A lead was accepted"),
    "handoff.action": gettext_lazy("A lead of yours did something new"),
    "handoff.arbitrated": gettext_lazy("The arbiter decided about a lead"),
    "handoff.breached": gettext_lazy("A lead was overdue"),
    "handoff.disputed": gettext_lazy("The rejection of a lead was contested"),
    "handoff.disqualified": gettext_lazy("A lead was disqualified"),
    "handoff.duplicate": gettext_lazy("A lead was called a duplicate"),
    "handoff.escalated_director": gettext_lazy("A lead was still overdue"),
    "handoff.escalated_lead": gettext_lazy("A lead of your team was overdue"),
    "handoff.given_back": gettext_lazy("A lead was given back"),
    "handoff.lost": gettext_lazy("A lead was closed as lost"),
    "handoff.misrouted": gettext_lazy("A lead was for another team"),
    "handoff.new": gettext_lazy("A lead came into the queue"),
    "handoff.next_step": gettext_lazy("The next step with a lead is due"),
    "handoff.reassigned": gettext_lazy("A lead was given to you"),
    "handoff.recycled": gettext_lazy("A lead was recycled"),
    "handoff.rejected": gettext_lazy("A lead was rejected"),
    "handoff.repeated": gettext_lazy("A lead was rejected as often as agreed"),
    "handoff.requeued": gettext_lazy("A lead came back into the queue"),
    "handoff.resumed": gettext_lazy("The pause of a lead was over"),
    "handoff.sql": gettext_lazy("A lead became an SQL"),
    "handoff.taken_over": gettext_lazy("A lead of yours has a new owner"),
    "handoff.warning": gettext_lazy("Time was running out for a lead"),
    "handoff.woken": gettext_lazy("A lead is awake again"),
    "handoff.won": gettext_lazy("A lead was won"),
}
# The subject of a list of notices of one kind.
SEVERAL: dict[str, Promise] = {
    "handoff.accepted": gettext_lazy("{count} leads were accepted"),
    "handoff.action": gettext_lazy("{count} leads of yours did something new"),
    "handoff.arbitrated": gettext_lazy("The arbiter decided about {count} leads"),
    "handoff.breached": gettext_lazy("{count} leads are overdue"),
    "handoff.disputed": gettext_lazy("The rejections of {count} leads wait for your decision"),
    "handoff.disqualified": gettext_lazy("{count} leads were disqualified"),
    "handoff.duplicate": gettext_lazy("{count} leads were called duplicates"),
    "handoff.escalated_director": gettext_lazy("{count} leads are still overdue"),
    "handoff.escalated_lead": gettext_lazy(
        "Your team is overdue with {count} leads: please step in"
    ),
    "handoff.given_back": gettext_lazy("{count} leads were given back"),
    "handoff.lost": gettext_lazy("{count} leads were closed as lost"),
    "handoff.misrouted": gettext_lazy("{count} leads were for another team"),
    "handoff.new": gettext_lazy("{count} new leads in the queue"),
    "handoff.next_step": gettext_lazy("Next steps with {count} leads are due"),
    "handoff.reassigned": gettext_lazy("{count} leads were given to you"),
    "handoff.recycled": gettext_lazy("{count} leads were recycled"),
    "handoff.rejected": gettext_lazy("{count} leads were rejected"),
    "handoff.repeated": gettext_lazy("{count} leads were rejected as often as agreed"),
    "handoff.requeued": gettext_lazy("{count} leads are back at the head of the queue"),
    "handoff.resumed": gettext_lazy("The pause of {count} leads is over"),
    "handoff.sql": gettext_lazy("{count} leads are SQLs now"),
    "handoff.taken_over": gettext_lazy("{count} leads of yours have a new owner"),
    "handoff.warning": gettext_lazy("Time is running out for {count} leads"),
    "handoff.woken": gettext_lazy("{count} leads are awake again"),
    "handoff.won": gettext_lazy("{count} leads were won"),
}
WITH_COMPANY = ("handoff.new", "handoff.reassigned", "handoff.taken_over")
# Of the values that a sentence may name, those that a notice leaves out are empty.
EMPTY = dict.fromkeys(
    (
        "by",
        "owner",
        "away",
        "team",
        "lead",
        "company",
        "why",
        "name",
        "agreement",
        "number",
        "said",
    ),
    "",
)


def is_about_lead(kind: str) -> bool:
    """Return whether notices of ``kind`` name a lead."""
    return kind in OUT_OF_SIGHT


def sentence(kind: str, values: Mapping[str, Any]) -> str:
    """Return the sentence of a notice of ``kind`` in the active language.

    ``values``: those of the notice, with names in place of ids.
    """
    values = {**EMPTY, "days": 0, **values}
    values["why"] = values["why"] or in_language(values.get("reason"))
    values["name"] = in_language(values.get("persona"))
    pattern = _pattern(kind, values)
    if pattern is None:
        return _("New about a lead: %(kind)s") % {"kind": kind}
    text = _with_away(pattern % values, values)
    if kind in WITH_COMPANY and values["company"]:
        return f"{text} ({values['company']})"
    if kind == "agreement.reopened" and values["why"]:
        return f"{text} · {values['why']}"
    return text


def _with_away(text: str, values: Mapping[str, Any]) -> str:
    """Return ``text`` with the name of the person whom its reader stands in for."""
    if not values["away"]:
        return text
    return _("%(text)s (you stand in for %(away)s)") % {"text": text, "away": values["away"]}


def several(kind: str, count: int) -> str:
    """Return what ``count`` notices of ``kind`` say together: two or more."""
    pattern = SEVERAL.get(kind) or _("{count} notices of Relevo")
    return str(pattern).format(count=number(count))


def _pattern(kind: str, values: Mapping[str, Any]) -> Any:
    details = [values.get("metric"), values.get("side"), values.get("state")]
    if values["owner"]:
        details.append("owned")
    if not values["days"]:
        details.append("today")
    for detail in details:
        if f"{kind}.{detail}" in PATTERNS:
            return PATTERNS[f"{kind}.{detail}"]
    return PATTERNS.get(kind)


def sentence_out_of_sight(kind: str) -> str:
    """Return the sentence of a notice whose lead its reader may not see: it names nobody."""
    if kind not in OUT_OF_SIGHT:
        return _("Something happened to a lead")
    return str(OUT_OF_SIGHT[kind])

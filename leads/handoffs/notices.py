"""Notices about a handoff: who gets one, once for each cause, and what its reader is told.

A notice stores ids; its words are made when it is read or mailed, by what the reader may see then.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from crm.accounts import leaves
from crm.accounts.leaves import Line
from crm.accounts.models import Membership, User
from crm.lib.db.inserts import Many
from crm.lib.db.kept_sql import Among, KeptSql
from crm.notifications import outbox, sentences
from crm.notifications.sentences import Told, Words
from leads.models import Decision, Handoff, Lead
from leads.models.lead import lead_name
from leads.records import contact_privacy

LEAD_PATH = re.compile(r"^/leads/(\d+)/$")
# Values of a notice that are the ids of people in its sentence.
ACTING = ("by_id", "owner_id", "away_id")
# Decisions after which marketing has to act, so that somebody who is there must hear of them.
SENT_BACK = ("handoff.rejected", "handoff.given_back", "handoff.misrouted", "handoff.duplicate")


# -- Who gets one


@dataclass(frozen=True)
class News:
    """A notice about a handoff. The fields are the arguments of :func:`notify`."""

    kind: str
    handoff: Handoff
    people: Iterable[User]
    key: str
    params: Mapping[str, Any] = field(default_factory=dict)
    cause: str = ""
    wait: timedelta = timedelta(0)


def notify(
    kind: str,
    handoff: Handoff,
    people: Iterable[User],
    *,
    at: datetime,
    key: str,
    params: Mapping[str, Any] | None = None,
    cause: str = "",
    wait: timedelta = timedelta(0),
) -> None:
    """Queue a notice about the handoff for ``people``, once per ``key``.

    ``params`` are added to the team. ``cause`` and ``wait`` as in outbox.notify.
    """
    news = News(kind, handoff, people, key=key, params=params or {}, cause=cause, wait=wait)
    notify_many([news], at=at)


def notify_many(news: Iterable[News], *, at: datetime) -> None:
    """Queue many notices as :func:`notify` does, in one statement."""
    outbox.notify_many([_about(each) for each in news], at=at)


def messages(news: Iterable[News], *, at: datetime) -> Many:
    """Return the messages of :func:`notify_many`, to be inserted with what they tell of."""
    return outbox.messages([_about(each) for each in news], at=at)


def to_line(news: News, line: Line) -> list[News]:
    """Return ``news`` for the people of ``line``; a stand-in is told for whom."""
    return [
        replace(news, people=people, params={**news.params, **more})
        for people, more in line.addressed()
    ]


def notify_to_act(news: News, *, at: datetime) -> None:
    """Queue a notice that asks its people to act; somebody stands in for who is away."""
    notify_many(_to_act(news, at=at, team_id=news.handoff.team_id), at=at)


def _to_act(news: News, *, at: datetime, team_id: int | None) -> list[News]:
    people = list(news.people)
    return to_line(news, leaves.cover(people, at=at).line(people, team_id=team_id))


def _about(news: News) -> outbox.News:
    handoff = news.handoff
    return outbox.News(
        news.kind,
        news.people,
        key=f"handoff:{handoff.pk}:{news.key}",
        params={"team": handoff.team.name, **news.params},
        path=f"/leads/{handoff.lead_id}/",
        cause=news.cause,
        wait=news.wait,
    )


def cause_of(decision: Decision) -> str:
    """Return the cause of the messages that an undo of ``decision`` withdraws."""
    return f"decision:{decision.pk}"


def of_decision(kind: str, decision: Decision, **params: Any) -> Many:
    """Return the messages that tell the submitter of a rep's decision, to be inserted with it.

    They wait until the rep cannot undo the decision any more (outbox.UNDO_WINDOW).
    """
    people = submitters(decision.handoff, besides=decision.by)
    cause = cause_of(decision)
    news = News(
        kind,
        decision.handoff,
        people,
        key=cause,
        params={"by_id": decision.by_id, **params},
        cause=cause,
        wait=outbox.UNDO_WINDOW,
    )
    if kind not in SENT_BACK:
        return messages([news], at=decision.at)
    team_id = decision.handoff.lead.marketing_team_id
    return messages(_to_act(news, at=decision.at, team_id=team_id), at=decision.at)


def submitters(handoff: Handoff, *, besides: User | None) -> list[User]:
    """Return the people of marketing to notify of a result.

    The submitter; if inactive, the leads of the marketing team. Empty if ``besides`` submitted it.
    """
    if besides is not None and handoff.submitted_by_id == besides.pk:
        return []
    # The result must reach marketing even if the submitter has left.
    team_id = handoff.lead.marketing_team_id
    if handoff.submitted_by.is_active or team_id is None:
        return [handoff.submitted_by]
    leads = Membership.objects.filter(team_id=team_id, user__is_active=True, is_lead=True)
    return [membership.user for membership in leads.select_related("user")]


# -- What the reader is told


@dataclass(frozen=True)
class _Sight:
    """What a reader may know of the leads of some notices.

    ``leads``: name and company of those in sight. ``people``: names of those who act in the
    sentences.
    """

    leads: Mapping[int, dict[str, str]]
    people: Mapping[int, str]


def words(reader: User, rows: Iterable[Told]) -> list[Words]:
    """Return what ``reader`` is told by each of ``rows``, in the active language.

    A lead that the reader may not see (any more) is not named, nor who has it now. At most two
    queries.
    """
    told = list(rows)
    sight = _sight(reader, told)
    return [_words(row, sight) for row in told]


def lead_id_of(path: str) -> int | None:
    """Return the id of the lead that a notice leads to; None for another page."""
    match = LEAD_PATH.match(path)
    if match is None:
        return None
    return int(match[1])


def _sight(reader: User, rows: list[Told]) -> _Sight:
    wanted = {lead_id_of(row.path) for row in rows} - {None}
    leads = _leads_in_sight(reader, wanted)
    acting = {row.params.get(name) for row in rows for name in ACTING}
    return _Sight(leads, people=_names_of(acting - {None}))


def _words(row: Told, sight: _Sight) -> Words:
    lead_id = lead_id_of(row.path)
    if lead_id is not None and lead_id not in sight.leads:
        gone = _("This lead is no longer with you.")
        return Words(sentences.sentence_out_of_sight(row.kind), gone)
    if lead_id is None and sentences.is_about_lead(row.kind):
        return Words(sentences.sentence_out_of_sight(row.kind))
    values = dict(row.params)
    for name in ACTING:
        person_id = values.get(name)
        if person_id is not None:
            values[name.removesuffix("_id")] = sight.people.get(person_id, "")
    if lead_id is not None:
        values |= sight.leads[lead_id]
    return Words(sentences.sentence(row.kind, values))


def _leads_in_sight(reader: User, lead_ids: Iterable[Any]) -> dict[int, dict[str, str]]:
    """Return name and company of those of the leads that ``reader`` may see."""
    if not lead_ids:
        return {}
    rows = SHOWN.rows(reader=reader, lead_ids=list(lead_ids))
    found = {}
    for pk, name, email, phone, external_id, company, is_hidden, brought_by in rows:
        hides = contact_privacy.hides(is_hidden, brought_by, reader)
        shown = lead_name(name, email, phone, external_id, pk=pk, contact_hidden=hides)
        found[pk] = {"lead": shown, "company": company or ""}
    return found


def _shown(*, reader: User, lead_ids: list[int]) -> QuerySet[Any, Any]:
    return Lead.objects.visible_to(reader).filter(Among("pk", lead_ids)).values_list(*COLUMNS)


COLUMNS = (
    "pk",
    "person__name",
    "person__email",
    "person__phone",
    "external_id",
    "company__name",
    "contact_hidden",
    "marketing_team_id",
)
# Half of what a mail cost went into building this query.
SHOWN = KeptSql(_shown)


def _names_of(people: Iterable[Any]) -> dict[int, str]:
    if not people:
        return {}
    return dict(User.objects.filter(pk__in=people).values_list("pk", "name"))

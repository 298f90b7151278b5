"""The queue, and its rows, which other lists of handoffs show, too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from crm.accounts.models import User
from crm.accounts.request import Request
from crm.accounts.states import Side
from crm.lib.bilingual import in_language
from crm.lib.moments import ago_text
from crm.lib.paging import BadParameter
from crm.templatetags.addresses import addresses
from crm.templatetags.jinja import respond
from crm.templatetags.relevo import breakable
from leads import permissions
from leads.departures import Departure, no_longer_pending
from leads.handoffs.queue import counters
from leads.handoffs.queue.rows import HandoffRow, rows_of
from leads.handoffs.queue.tabs import TABS
from leads.lists import handoffs
from leads.records import contact_privacy
from leads.records.identity import phones
from leads.returns import second_decisions
from leads.states import DecisionKind, HandoffState
from leads.views.lead.trail import of_list
from sla.clocks import pauses, readings

PAGE = 50
TAB_LABELS: dict[str, Promise] = {
    "waiting": _("Waiting"),
    "soon": _("At risk"),
    "overdue": _("Overdue"),
    "decided": _("Decided today"),
}
# The scores of the package, and the points between the highest and the lowest of a page from which
# on they are worth a column.
SCORES = {"fit_score": _("Fit"), "engagement_score": _("Engagement")}
SCORE_SPREAD = 10
# The counters that the browser keeps up to date, by tab.
COUNT_KEYS = {"waiting": "queue", "overdue": "overdue"}
UNKNOWN_ADDRESS = _("This address is not known. Start again from the queue.")


@dataclass(frozen=True)
class QueueTab:
    """A tab of the queue. ``count_key``: the counter that keeps ``count`` up to date."""

    url: str
    label: Promise
    count: int
    is_current: bool
    count_key: str = ""


# -- The queue


@require_safe
def queue(request: Request) -> HttpResponse:
    """Show the pending handoffs that the viewer may see, overdue first, then by time left."""
    now = request.now
    since = start_of_today(now)
    tab = request.GET.get("tab", "waiting")
    if tab not in TABS:
        raise BadParameter(UNKNOWN_ADDRESS)
    listed = handoffs.queue(request.user, request.GET, tab=tab, at=now, since=since)
    page = listed.listing.page(after=request.GET.get("after", ""), size=PAGE)
    totals, sizes = _counts(request, listed, since=since)
    unseen = [] if tab == "decided" else ["owner"]
    if not _shows_team(request.user):
        unseen.append("team")
    rows = queue_rows(request, rows_of(page, without=unseen), at=now)
    columns = score_columns(rows)
    context = {
        "rows": with_scores(rows, columns),
        "score_columns": columns,
        "score_label": score_label(columns),
        "filter": listed,
        "tab": tab,
        "tabs": _tabs(request, tab, sizes, are_live=sizes is totals),
        "waiting": totals["queue"],
        "version": counters.version(totals),
        "shown": page,
    }
    return respond(request, "leads/queue.jinja", context, status=listed.status)


def _counts(
    request: Request, listed: handoffs.QueueFilter, *, since: datetime
) -> tuple[dict[str, int], dict[str, int]]:
    """Return the counters of the navigation, and the size of each tab under the filters."""
    user = request.user
    at = request.now
    # The navigation shows the same counters and does not count again (crm.navigation).
    if not listed.chosen:
        request.counts = counters.tab_counts(user, at=at, since=since)
        return request.counts, request.counts
    request.counts = counters.counts(user, at=at)
    sizes = counters.tab_counts(user, at=at, since=since, narrow=listed.narrow)
    return request.counts, sizes


def start_of_today(at: datetime) -> datetime:
    """Return the midnight with which the viewer's day began."""
    zone = ZoneInfo(timezone.get_current_timezone_name())
    return datetime.combine(at.astimezone(zone).date(), time(), zone)


def end_of_today(at: datetime) -> datetime:
    """Return the midnight with which the viewer's day ends."""
    zone = ZoneInfo(timezone.get_current_timezone_name())
    tomorrow = at.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), zone)


def _tabs(
    request: Request, current: str, sizes: dict[str, int], *, are_live: bool
) -> list[QueueTab]:
    """Return the tabs; the filters stay on. ``are_live``: the browser keeps the numbers current."""
    tabs = []
    for key, label in TAB_LABELS.items():
        query = request.GET.copy()
        query.pop("after", None)
        query["tab"] = key
        tab = QueueTab(
            f"?{query.urlencode()}",
            label,
            sizes[key],
            is_current=key == current,
            count_key=COUNT_KEYS.get(key, "") if are_live else "",
        )
        tabs.append(tab)
    return tabs


# -- Rows


@dataclass(slots=True)
class QueueRow:
    """A handoff as a row of the queue or of "My leads" shows it.

    ``name`` is escaped. ``scores``: the text of the score column. ``because``: why the clock is
    paused, or what a decision in place says. ``accepted``, ``is_gone`` and ``can_undo`` are what a
    decision in place changes.
    """

    pk: int
    lead_at: str
    accept_at: str
    accept_as_sql_at: str
    reject_at: str
    misroute_at: str
    duplicate_at: str
    undo_at: str
    reading: readings.Reading | None
    can_decide: bool
    is_barred: bool
    can_accept_as_sql: bool
    name: str
    about: str
    dial: str
    chat: str
    persona: str
    source: str
    marks: list[tuple[str, str, bool]]
    fit_score: int | None
    engagement_score: int | None
    state: str
    owner: str
    team: str
    scores: str = ""
    because: str = ""
    accepted: bool = False
    is_gone: bool = False
    can_undo: bool = False


@dataclass(frozen=True)
class Surroundings:
    """What the rows of one page have in common. ``came``: the trail of their leads' addresses."""

    user: User
    at: datetime
    came: str
    language: str | None
    shows_team: bool
    lead_at: Callable[[int], str]
    accept_at: Callable[[int], str]
    accept_as_sql_at: Callable[[int], str]
    reject_at: Callable[[int], str]
    misroute_at: Callable[[int], str]
    duplicate_at: Callable[[int], str]
    undo_at: Callable[[int], str]


def queue_rows(request: Request, handoffs: Sequence[HandoffRow], *, at: datetime) -> list[QueueRow]:
    """Return a row for each handoff; one query more where the clock of one is paused."""
    around = Surroundings(
        user=request.user,
        at=at,
        came=of_list(request).suffix,
        language=get_language(),
        shows_team=_shows_team(request.user),
        lead_at=addresses("lead"),
        accept_at=addresses("handoff_accept"),
        accept_as_sql_at=addresses("handoff_accept_as_sql"),
        reject_at=addresses("handoff_reject"),
        misroute_at=addresses("handoff_misroute"),
        duplicate_at=addresses("handoff_duplicate"),
        undo_at=addresses("handoff_undo"),
    )
    waiting = [handoff for handoff in handoffs if handoff.is_pending]
    barred = second_decisions.barred(request.user, waiting)
    paused = pauses.open_pauses((handoff.clock for handoff in handoffs), at=at)
    rows = []
    for handoff in handoffs:
        row = _row(handoff, around, is_barred=handoff.pk in barred)
        pause = paused.get(handoff.clock.pk) if handoff.clock else None
        if pause is not None:
            row.because = str(pause.reason)
        rows.append(row)
    return rows


def _row(handoff: HandoffRow, around: Surroundings, *, is_barred: bool) -> QueueRow:
    """Return a row of the queue as the template shows it."""
    user = around.user
    pk = handoff.pk
    can_decide = not is_barred and permissions.can_decide_if_not_barred(user, handoff)
    dial, chat = _reach(user, handoff)
    return QueueRow(
        pk=pk,
        lead_at=around.lead_at(handoff.lead_id) + around.came,
        accept_at=around.accept_at(pk),
        accept_as_sql_at=around.accept_as_sql_at(pk),
        reject_at=around.reject_at(pk) + around.came,
        misroute_at=around.misroute_at(pk) + around.came,
        duplicate_at=around.duplicate_at(pk) + around.came,
        undo_at=around.undo_at(pk),
        reading=readings.reading(handoff.clock, at=around.at) if handoff.clock else None,
        can_decide=can_decide,
        is_barred=is_barred,
        # The same people: what is left to ask is whether the package proves it.
        can_accept_as_sql=can_decide and handoff.proves_sql,
        # Escaped once, since each button repeats it.
        name=breakable(handoff.name),
        about=handoff.about,
        dial=dial,
        chat=chat,
        persona=in_language(handoff.persona, around.language),
        source=in_language(handoff.source, around.language),
        marks=_marks(handoff),
        fit_score=handoff.fit_score,
        engagement_score=handoff.engagement_score,
        state="" if handoff.is_pending else str(HandoffState(handoff.state).label),
        owner=handoff.owner or "",
        team=handoff.team if around.shows_team else "",
    )


def _reach(user: User, handoff: HandoffRow) -> tuple[str, str]:
    """Return the addresses that dial the lead's phone and open WhatsApp; empty where hidden.

    And for a person who asked not to be contacted: another lead of theirs may bring the mark here.
    """
    number = handoff.phone
    if not number or handoff.no_contact_at is not None:
        return "", ""
    if contact_privacy.hides(handoff.contact_hidden, handoff.brought_by, user):
        return "", ""
    chat = ""
    if number.startswith("+"):
        chat = f"https://wa.me/{number[1:]}"
    return phones.dial(number, handoff.phone_extension), chat


def score_columns(rows: Sequence[QueueRow]) -> list[str]:
    """Return the scores that differ among the rows of a page: "fit_score", "engagement_score".

    A score that is nearly the same everywhere does not help to choose and is left out.
    """
    columns = []
    for name in SCORES:
        scores = (getattr(row, name) for row in rows)
        known = [score for score in scores if score is not None]
        if known and max(known) - min(known) >= SCORE_SPREAD:
            columns.append(name)
    return columns


def _shows_team(user: User) -> bool:
    """Return whether the rows name the team; a reader with one queue knows it."""
    has_one_queue = user.team_ids(Side.SALES) and len(user.memberships_now) == 1
    return user.is_director or not has_one_queue


def with_scores(rows: list[QueueRow], columns: list[str]) -> list[QueueRow]:
    """Add the text of the score column to each row: "72", or "72 · 40" for two scores."""
    for row in rows:
        scores = (getattr(row, name) for name in columns)
        row.scores = " · ".join(str(score) for score in scores if score is not None)
    return rows


def score_label(columns: list[str]) -> str:
    """Return the heading of the score column: "Fit", "Engagement", or both."""
    return " · ".join(str(SCORES[name]) for name in columns)


def _marks(handoff: HandoffRow) -> list[tuple[str, str, bool]]:
    """Return the tags under the name: tone, text, and whether the text may be cut."""
    marks = []
    if handoff.is_test:
        marks.append(("info", gettext("Test"), False))
    if handoff.overrides:
        marks.append(("warn", _overridden_text(handoff), True))
    if handoff.is_pending and handoff.requeued_at is not None:
        marks.append(("warn", gettext("Back in the queue"), False))
    return marks


def _overridden_text(handoff: HandoffRow) -> str:
    """Return that facts were overruled, with the reasons where the list has read them."""
    overrides = handoff.overruled or []
    reasons = [override["reason"] for override in overrides if override.get("reason")]
    label = gettext("Overridden")
    if not reasons:
        return label
    return f"{label}: {' · '.join(reasons)}"


# -- Rows that left the queue while it was open in a browser


DEPARTED: dict[str, Promise] = {
    DecisionKind.ACCEPT: _("Taken by {name}, {ago}"),
    DecisionKind.REJECT: _("Rejected by {name}, {ago}"),
    DecisionKind.MISROUTE: _("For another team, says {name}, {ago}"),
    DecisionKind.DUPLICATE: _("A duplicate, says {name}, {ago}"),
}


def departures(request: Request, rows: str, *, at: datetime) -> dict[int, str]:
    """Return the reason for each of ``rows`` ("12,15") that left: "Taken by Ana, 10 s ago"."""
    pks = rows.split(",")
    # Fifteen digits fit a bigint; PostgreSQL answers longer numbers with an error.
    are_ids = all(pk.isdecimal() and len(pk) < 16 for pk in pks)
    if len(pks) > 2 * PAGE or not are_ids:
        raise BadParameter(UNKNOWN_ADDRESS)
    gone = no_longer_pending(request.user, [int(pk) for pk in pks], at=at)
    return {departure.pk: _departure(departure, at) for departure in gone}


def _departure(departure: Departure, at: datetime) -> str:
    if departure.by is None or departure.at is None:
        if departure.state == HandoffState.WITHDRAWN:
            return gettext("Withdrawn by marketing")
        return gettext("No longer in the queue")
    pattern = str(DEPARTED[departure.kind or DecisionKind.ACCEPT])
    return pattern.format(name=departure.by, ago=ago_text(departure.at, at))

"""What the alignment page shows of the numbers: addresses, charts, tables and texts.

No number is computed here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from operator import attrgetter

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.alignment.charts import figures
from crm.alignment.forms import SORTS, USUAL_SORT
from crm.alignment.numbers.cohort import Group
from crm.alignment.numbers.promises import Term
from crm.alignment.numbers.report import Numbers
from crm.alignment.numbers.scope import Scope
from crm.alignment.panels import addresses, drawings, sheets, submitters, worth
from crm.alignment.panels.addresses import links
from crm.alignment.panels.drawings import LEAST
from crm.alignment.panels.submitters import PersonRow
from crm.alignment.panels.worth import ScoreTable
from crm.lib.number_formats import day_words, limit_words, share
from crm.lib.text import fold
from crm.templatetags.relevo import number
from sla.states import Metric


@dataclass(frozen=True)
class SourceColumn:
    """A head of the source table.

    ``order`` is "ascending", "descending" or empty, ``sort`` the order after a click.
    """

    label: str
    order: str
    sort: str


@dataclass(frozen=True)
class GroupRow:
    """A source or a month in its table; ``to`` holds the lists behind its numbers."""

    label: str
    group: Group
    to: dict[str, str]

    @property
    def too_few(self) -> bool:
        return self.group.leads < LEAST

    @property
    def too_few_handed_off(self) -> bool:
        return self.group.to_decide < LEAST


@dataclass(frozen=True)
class PromiseText:
    """A promise as text, and how far the result lies above ("up") or below ("down") it.

    ``note`` says what the result is compared with where the promise alone does not.
    """

    text: str
    trend: str = ""
    distance: str = ""
    note: str = ""


@dataclass(frozen=True)
class Panels:
    """Everything that the page shows.

    ``to`` holds the list behind each number, ``files`` the CSV file of each panel, ``tables`` the
    panels as tables. The promises are ``kept`` (to decide in time), ``contacted``, ``accepted`` and
    ``volume``.
    """

    numbers: Numbers
    to: dict[str, str]
    files: dict[str, str]
    tables: dict[str, SafeString]
    funnel: SafeString
    accept: SafeString
    contact: SafeString
    weekly: SafeString
    speed: SafeString
    rejections: SafeString
    worst: str
    columns: list[SourceColumn]
    sources: list[GroupRow]
    months: list[GroupRow]
    kept: PromiseText
    contacted: PromiseText
    accepted: PromiseText
    volume: PromiseText
    worth: list[ScoreTable]
    people: list[PersonRow]
    least: int = LEAST

    @property
    def has_gaps(self) -> bool:
        return any(step.not_recorded for step in self.numbers.funnel)


def ordered(numbers: Numbers, sort: str) -> Numbers:
    """Return the numbers with their sources in the order ``sort``."""
    if sort == USUAL_SORT:
        return numbers
    return replace(numbers, sources=_sorted(numbers.sources, sort))


def build(numbers: Numbers, sort: str = USUAL_SORT) -> Panels:
    """Return everything that the page shows, in the active language.

    ``sort`` is a column of SORTS, with a minus in front for descending.
    """
    numbers = ordered(numbers, sort)
    scope = numbers.scope
    promised = numbers.terms
    return Panels(
        numbers=numbers,
        to=links(scope),
        files=_files(scope, sort),
        tables=_tables(numbers),
        funnel=drawings.funnel(numbers),
        accept=drawings.accept(numbers),
        contact=drawings.contact(numbers),
        weekly=drawings.weekly(numbers),
        speed=drawings.speed(numbers),
        rejections=drawings.rejections(numbers),
        worst=_worst(numbers),
        columns=_columns(sort),
        sources=[_of_source(scope, group) for group in numbers.sources],
        months=[_of_month(scope, group) for group in numbers.months],
        kept=_promise(
            promised[Metric.ACCEPT],
            _window_text,
            numbers.attainment.rate,
            numbers.attainment.judged,
        ),
        contacted=_promise(
            promised[Metric.FIRST_CONTACT],
            _window_text,
            numbers.contacts.rate,
            numbers.contacts.judged,
        ),
        accepted=_promise(
            promised[Metric.ACCEPTANCE_RATE],
            _share_text,
            numbers.decisions.rate,
            numbers.decisions.decisions,
        ),
        volume=_volume(numbers),
        worth=worth.score_tables(numbers),
        people=submitters.people(numbers),
    )


def _files(scope: Scope, sort: str) -> dict[str, str]:
    """Return the address of the CSV file of each panel; the order is that of the page."""
    files = {name: addresses.of_file(scope, name) for name in sheets.SHEETS}
    # Only this table can be sorted, and its file has the order that is on the screen.
    if sort != USUAL_SORT:
        files["sources"] = addresses.of_file(scope, "sources", sort=sort)
    return files


def _tables(numbers: Numbers) -> dict[str, SafeString]:
    """Return the folded tables below the bar charts."""
    labels = {
        "funnel": _("Leads by stage"),
        "rejections": _("Rejections by reason"),
        "accept": _("Handoffs by result"),
        "contact": _("First contacts by result"),
    }
    tables = {}
    for name, label in labels.items():
        tables[name] = figures.folded(label, sheets.SHEETS[name](numbers).table())
    return tables


def _worst(numbers: Numbers) -> str:
    week = drawings.worst(numbers)
    if week is None:
        return ""
    text = _("Lowest in the week of {day}: {share}.")
    return text.format(day=drawings.day(week), share=share(week.rate))


def _sorted(groups: list[Group], sort: str) -> list[Group]:
    """Return the groups in the order ``sort``; unknown values come last in both directions."""
    name = sort.removeprefix("-")
    descending = sort.startswith("-")
    value_of = attrgetter(name)
    if name == "source":
        # In Python: the name that is shown depends on the reader's language.
        return sorted(
            groups, key=lambda group: fold(sheets.source_label(group)), reverse=descending
        )
    # None cannot be compared with a number.
    known = [group for group in groups if value_of(group) is not None]
    unknown = [group for group in groups if value_of(group) is None]
    return sorted(known, key=value_of, reverse=descending) + unknown


def _columns(sort: str) -> list[SourceColumn]:
    """Return the heads of the source table.

    The first click sorts names ascending and numbers descending, the second one the other way.
    """
    labels = (
        _("Source"),
        _("Leads"),
        "MQL",
        _("Share accepted"),
        "SQL",
        _("Won"),
        _("Amount"),
        _("Conversion"),
    )
    columns = []
    # Strict: a column that is added to SORTS alone must not lose its head silently.
    for name, label in zip(SORTS, labels, strict=True):
        order = ""
        after_click = f"-{name}"
        if name == "source":
            after_click = name
        if sort == name:
            order = "ascending"
            after_click = f"-{name}"
        elif sort == f"-{name}":
            order = "descending"
            after_click = name
        columns.append(SourceColumn(label, order, after_click))
    return columns


def _of_source(scope: Scope, group: Group) -> GroupRow:
    to = links(replace(scope, source=group.key))
    return GroupRow(sheets.source_label(group), group, to)


def _of_month(scope: Scope, group: Group) -> GroupRow:
    to = links(replace(scope, period=scope.period.month(group.name)))
    return GroupRow(sheets.month_label(group), group, to)


def _promise(
    terms: list[Term], text_of: Callable[[Term], str], rate: float | None = None, n: int = 0
) -> PromiseText:
    """Return the text of a promise, compared with the result ``rate`` of ``n`` cases.

    They are compared only where one promise holds for all cases and there are enough of them.
    """
    # Versions that promise the same are named once.
    texts = dict.fromkeys(text_of(term) for term in terms)
    text = " · ".join(texts) or _("nothing for this period")
    targets = {float(term.target) for term in terms}
    if len(targets) != 1 or rate is None or n < LEAST:
        return PromiseText(text)
    distance = 100 * (rate - targets.pop())
    # By the unrounded distance: half a point below is not reached, although it rounds to 0.
    if distance < 0:
        return PromiseText(text, "down", _below(round(-distance)))
    return PromiseText(text, "up", _above(round(distance)))


def _volume(numbers: Numbers) -> PromiseText:
    """Return the promised volume, and whether marketing keeps the pace of it."""
    promise = _promise(numbers.terms[Metric.MQL_VOLUME], _volume_text)
    volume = numbers.volume
    if numbers.scope.is_part and numbers.terms[Metric.MQL_VOLUME]:
        note = _("The promise is about all leads: it is judged without filters.")
        return replace(promise, note=note)
    if volume.due is None or volume.ahead is None or volume.on is None:
        return promise
    text = _("{n} promised by {day}, counted by working days")
    note = text.format(n=number(round(volume.due)), day=day_words(volume.on))
    if volume.ahead < 0:
        return replace(promise, trend="down", distance=_behind(round(-volume.ahead)), note=note)
    return replace(promise, trend="up", distance=_ahead(round(volume.ahead)), note=note)


def _behind(count: int) -> str:
    if not count:
        return _("just behind")
    return ngettext("{n} behind", "{n} behind", count).format(n=number(count))


def _ahead(count: int) -> str:
    if not count:
        return _("on pace")
    return ngettext("{n} ahead", "{n} ahead", count).format(n=number(count))


def _below(points: int) -> str:
    if not points:
        return _("just below")
    return ngettext("{n} point below", "{n} points below", points).format(n=points)


def _above(points: int) -> str:
    if not points:
        return _("just reached")
    return ngettext("{n} point above", "{n} points above", points).format(n=points)


def _window_text(term: Term) -> str:
    if not term.window_minutes:
        return _share_text(term)
    text = _("{share} within {limit}")
    limit = limit_words(60 * term.window_minutes)
    return text.format(share=_share_text(term), limit=limit)


def _share_text(term: Term) -> str:
    return share(float(term.target))


def _volume_text(term: Term) -> str:
    # The column of targets has decimals for shares; a number of leads has none.
    target = term.target.normalize()
    return _("{n} a month").format(n=number(target))

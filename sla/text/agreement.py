"""The agreement as a text that a person can read aloud: sections of plain sentences, from its
content alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from crm.lib import number_formats
from crm.lib.bilingual import in_language
from crm.lib.moments import city
from crm.lib.number_formats import day_words
from personas.states import CriterionKind
from sla.clocks.pauses import LONGEST_TOTAL
from sla.states import CLOCK_METRICS, Distribution, Metric, Proof, RejectionClass, StepKind
from sla.text import promises
from sla.text.labels import PROVEN
from sla.text.weekly_hours import weekly

Text = Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    """One step of a ladder. ``tone`` and ``icon``: how the timeline draws it."""

    text: str
    icon: str
    tone: str


@dataclass(frozen=True)
class Line:
    """One sentence, and those that belong under it.

    ``key``: the same in every version that says something of it.
    """

    key: str
    text: str
    below: list[Line] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)


@dataclass(frozen=True)
class Section:
    """``quote``: words that people wrote themselves; ``intro``: what the section is about."""

    key: str
    title: str | Promise
    intro: str
    lines: list[Line]
    quote: str = ""


LOOK = {
    StepKind.WARN: ("bell", "warn"),
    StepKind.BREACH: ("x", "bad"),
    StepKind.NOTIFY_TEAM_LEAD: ("user", "accent"),
    StepKind.REQUEUE: ("undo-2", "accent"),
    StepKind.NOTIFY_DIRECTOR: ("users", "bad"),
}


def of(text: Text, names: promises.Names) -> list[Section]:
    """The sections in the order in which they are read.

    ``names``: labels.for_reading of the same text.
    """
    found = []
    for key, (title, about) in SECTIONS.items():
        section = about(text, names)
        found.append(Section(key, title, section.intro, section.lines, section.quote))
    return found


def _said(intro: str, lines: list[Line] | None = None, quote: str = "") -> Section:
    return Section("", "", intro, lines or [], quote)


def scope(text: Text, names: promises.Names) -> Section:
    if not text["teams"]:
        return _said(_("It binds marketing and every sales team without an agreement of its own."))
    return _said(
        _("It binds marketing and these sales teams: %(teams)s.")
        % {"teams": ", ".join(text["teams"])}
    )


def mql(text: Text, names: promises.Names) -> Section:
    personas = ", ".join(in_language(each["name"]) for each in text["personas"])
    lines = [
        Line(
            "personas",
            (
                _("The lead fits one of these buyer personas: %(names)s.") % {"names": personas}
                if personas
                else _("The lead fits one of the published buyer personas.")
            ),
        ),
        Line(
            "actions",
            (
                _("It did at least one of these valuable actions: %(names)s.")
                % {"names": promises.either("actions", text["valuable_actions"], names)}
                if text["valuable_actions"]
                else _("It did at least one valuable action of any kind.")
            ),
        ),
    ]
    if text["minimum_score"] is not None:
        said = _("To be handed off, its fit score has to be at least %(score)s out of 100.")
        lines.append(Line("score", said % {"score": text["minimum_score"]}))
    days = text["engagement_half_life_days"]
    half = ngettext(
        "What a valuable action adds to the engagement score halves every %(days)s day.",
        "What a valuable action adds to the engagement score halves every %(days)s days.",
        days,
    )
    lines.append(Line("half_life", half % {"days": days}))
    return _said(
        _("Marketing hands off a lead only when all of this is true:"),
        lines,
        in_language(text["mql_definition"]),
    )


def sql(text: Text, names: promises.Names) -> Section:
    lines = [
        _proof(kind, str(CriterionKind(kind).label), kind in text["sql_blocks"])
        for kind in _proven(text, names)
    ]
    lines += [
        _proof(code, f"“{promises.called('criteria', code, names)}”", term == Proof.BLOCKS)
        for code, term in sorted(text["sql_terms"].items())
    ]
    return _said(
        _("What sales has to prove before it calls an MQL an SQL:"),
        lines,
        in_language(text["sql_definition"]),
    )


def _proven(text: Text, names: promises.Names) -> list[str]:
    """Kinds that the text names, and means and authority, which every SQL is asked for."""
    asked = {CriterionKind.MEANS, CriterionKind.AUTHORITY, *text["sql_blocks"]}
    asked |= (
        {name.get("kind", "") for name in names.get("criteria", {}).values()}
        if "labels" not in text
        else set()
    )
    return [kind for kind in PROVEN if kind in asked]


def _proof(key: str, what: str, blocks: bool) -> Line:
    said = (
        _("%(what)s: without evidence the lead cannot become an SQL.")
        if blocks
        else _("%(what)s: without evidence there is only a warning.")
    )
    return Line(key, said % {"what": what})


def package(text: Text, names: promises.Names) -> Section:
    lines = [Line(code, promises.called("fields", code, names)) for code in text["package_fields"]]
    if not lines:
        return _said(_("Marketing hands a lead over with whatever is known of it."))
    return _said(
        _("Marketing hands every lead over with these data, else it stays with marketing:"), lines
    )


def marketing(text: Text, names: promises.Names) -> Section:
    return _said(_("Marketing promises sales:"), _promises(text, "marketing", names))


def sales(text: Text, names: promises.Names) -> Section:
    return _said(_("Sales promises marketing:"), _promises(text, "sales", names))


def _promises(text: Text, side: str, names: promises.Names) -> list[Line]:
    """Each promise, and under it the leads for which it differs."""
    mine = [promise for promise in text["commitments"] if promise["side"] == side]
    plain = [promise for promise in mine if not any(promise["conditions"].values())]
    varied = [promise for promise in mine if any(promise["conditions"].values())]
    lines = []
    for promise in plain:
        below = [p for p in varied if p["metric"] == promise["metric"]]
        said = [Line(key_of(p), promises.variant(p, names)) for p in below]
        lines.append(Line(key_of(promise), promises.promise(promise), said))
    alone = [p for p in varied if all(p["metric"] != each["metric"] for each in plain)]
    return lines + [Line(key_of(p), promises.variant(p, names)) for p in alone]


def key_of(promise: Mapping[str, Any]) -> str:
    """The same for promises about the same leads: "accept", "accept actions=asked_for_demo"."""
    conditions = promise.get("conditions") or {}
    said = [
        f"{key}={','.join(sorted(codes))}" for key, codes in sorted(conditions.items()) if codes
    ]
    return " ".join([str(promise["metric"]), *said])


def ladder(text: Text, names: promises.Names) -> Section:
    """A timeline for each time that may run out; one that reads the same as its plain promise is
    not repeated.
    """
    lines: list[Line] = []
    seen: set[tuple[str, str]] = set()
    for promise in text["commitments"]:
        mark = (promise["metric"], repr(promise["steps"]))
        if promise["metric"] not in CLOCK_METRICS or not promise["steps"] or mark in seen:
            continue
        seen.add(mark)
        title = str(Metric(promise["metric"]).label)
        if any(promise["conditions"].values()):
            title = f"{title} ({promises.which(promise['conditions'], names)})"
        steps = [
            Step(promises.step(kind, offset), *LOOK[StepKind(kind)])
            for kind, offset in promise["steps"]
        ]
        lines.append(Line(key_of(promise), title, steps=steps))
    if not lines:
        return _said(_("Nobody is warned when a time runs out."))
    return _said(_("What happens as a promised time runs out. All times are business time."), lines)


def calendar(text: Text, names: promises.Names) -> Section:
    kept = text["calendar"]
    lines = [Line(f"week {number}", said) for number, said in enumerate(weekly(kept["windows"]))]
    for since, windows in sorted(kept.get("changes", {}).items()):
        lines.append(
            Line(
                f"from {since}",
                _("From %(date)s:") % {"date": day_words(date.fromisoformat(since))},
                [
                    Line(f"from {since} {number}", said)
                    for number, said in enumerate(weekly(windows))
                ],
            )
        )
    days = _(
        "Days off and shortened days are those of this calendar; its admins keep them, and no"
        " change moves a clock."
    )
    lines.append(Line("days", days))
    intro = _(
        "A promised hour counts only while the calendar “%(name)s” is open, by the time of"
        " %(city)s."
    )
    own = Line("own", _("A team with working hours of its own counts by those."))
    return _said(intro % {"name": kept["name"], "city": city(kept["zone"])}, [*lines, own])


def pauses(text: Text, names: promises.Names) -> Section:
    agreed = text.get("pauses")
    if agreed is None:
        return _said(
            _(
                "Nothing is agreed about pauses: a clock may stand still for any reason that Relevo"
                " lists."
            )
        )
    if not agreed:
        return _said(
            _(
                "No clock stands still: a lead that asks for time is worked within the promised"
                " hours."
            )
        )
    said = _("%(reason)s: %(days)s at most")
    lines = [
        Line(
            code,
            said
            % {
                "reason": promises.called("pauses", code, names),
                "days": promises.days(minutes),
            },
        )
        for code, minutes in sorted(agreed.items(), key=lambda pair: (-pair[1], pair[0]))
    ]
    most = promises.days(round(LONGEST_TOTAL.total_seconds()) // 60)
    text_of_all = _(
        "All pauses of one clock together last %(days)s at most; nights and weekends count."
    )
    intro = _(
        "When the lead asks for time, its rep may pause the first contact or the SQL decision for"
        " these reasons:"
    )
    return _said(intro, [*lines, Line("all", text_of_all % {"days": most})])


def reasons(text: Text, names: promises.Names) -> Section:
    lines = []
    for kind in RejectionClass:
        below = [
            Line(
                each["code"],
                (
                    _("%(reason)s (with a comment)") % {"reason": in_language(each["name"])}
                    if each["needs_comment"]
                    else in_language(each["name"])
                ),
            )
            for each in text["rejection_reasons"]
            if each["class"] == kind
        ]
        if below:
            lines.append(Line(kind, str(kind.label), below))
    return _said(_("A rep may reject a lead before contact for one of these reasons only:"), lines)


def rules(text: Text, names: promises.Names) -> Section:
    push = text["distribution"] == Distribution.PUSH
    lines = [
        Line(
            "distribution",
            (
                _("A team lead of sales gives each lead to a rep.")
                if push
                else _("Reps take leads from the queue.")
            ),
        ),
        Line("rep_cap", _cap(text["rep_cap"])),
        Line(
            "hide_contact",
            (
                _("Sales sees phone and e-mail of a lead only after somebody accepts it.")
                if text["hide_contact"]
                else _("Sales sees phone and e-mail of a lead in the queue already.")
            ),
        ),
    ]
    returns = ngettext(
        "After %(count)s return of the same lead the arbiter decides what becomes of it.",
        "After %(count)s returns of the same lead the arbiter decides what becomes of it.",
        text["max_returns"],
    )
    arbiter = text["arbiter"] or _("the director")
    lines.append(Line("max_returns", returns % {"count": text["max_returns"]}))
    lines.append(Line("arbiter", _("The arbiter is %(name)s.") % {"name": arbiter}))
    return _said(_("How leads travel between the two sides:"), lines)


def _cap(cap: int | None) -> str:
    if cap is None:
        return _("A rep may have any number of open leads.")
    said = ngettext(
        "A rep has at most %(count)s open lead at a time.",
        "A rep has at most %(count)s open leads at a time.",
        cap,
    )
    return said % {"count": cap}


def capacity(text: Text, names: promises.Names) -> Section:
    volume = max(
        (float(p["target"]) for p in text["commitments"] if key_of(p) == Metric.MQL_VOLUME),
        default=None,
    )
    lines = []
    if text["capacity"] is not None:
        said = ngettext(
            "Sales says that it can work %(count)s lead a month.",
            "Sales says that it can work %(count)s leads a month.",
            text["capacity"],
        )
        lines.append(Line("capacity", said % {"count": number_formats.number(text["capacity"])}))
    if volume is not None:
        said = ngettext(
            "Marketing promises %(count)s MQL a month.",
            "Marketing promises %(count)s MQLs a month.",
            int(volume),
        )
        lines.append(Line("volume", said % {"count": number_formats.number(int(volume))}))
    if not lines:
        return _said(_("Nobody has said how much sales can work."))
    if text["capacity"] is not None and volume is not None:
        fits = (
            _("That fits.")
            if volume <= text["capacity"]
            else _("That is more than sales can work.")
        )
        lines.append(Line("fits", fits))
    return _said("", lines)


def index(text: Text, names: promises.Names) -> Section:
    weights = sorted(text["index_weights"].items(), key=lambda pair: -pair[1])
    if not weights:
        return _said(_("No weights are agreed: every promise weighs the same."))
    lines = [
        Line(key, f"{Metric(key).label}: {weight}\u00a0%") for key, weight in weights if weight
    ]
    return _said(
        _("When both sides look at how well the agreement is kept, the promises weigh:"), lines
    )


def dates(text: Text, names: promises.Names) -> Section:
    starts, renew = text["starts_on"], text["renew_by"]
    begin = (
        _("It comes into force on %(day)s, if both sides have signed by then.")
        % {"day": day_words(date.fromisoformat(starts))}
        if starts
        else _("It comes into force as soon as both sides have signed.")
    )
    until = (
        _("Both sides look at it again by %(day)s. It stays in force until the next version does.")
        % {"day": day_words(date.fromisoformat(renew))}
        if renew
        else _("It stays in force until the next version does.")
    )
    return _said("", [Line("starts_on", begin), Line("renew_by", until)])


SECTIONS: dict[str, tuple[Promise, Callable[[Text, promises.Names], Section]]] = {
    "scope": (gettext_lazy("Whom it binds"), scope),
    "mql": (gettext_lazy("What an MQL is"), mql),
    "sql": (gettext_lazy("What an SQL is"), sql),
    "package": (gettext_lazy("What comes with each lead"), package),
    "marketing": (gettext_lazy("What marketing promises"), marketing),
    "sales": (gettext_lazy("What sales promises"), sales),
    "ladder": (gettext_lazy("When time runs out"), ladder),
    "calendar": (gettext_lazy("When the clocks run"), calendar),
    "pauses": (gettext_lazy("When a clock may stand still"), pauses),
    "reasons": (gettext_lazy("Reasons to reject a lead"), reasons),
    "rules": (gettext_lazy("How leads are shared out"), rules),
    "capacity": (gettext_lazy("Volume and capacity"), capacity),
    "index": (gettext_lazy("What weighs how much"), index),
    "dates": (gettext_lazy("From when, until when"), dates),
}


def sentences(section: Section) -> Iterator[tuple[str, str]]:
    """Every sentence of a section with its key, in reading order: what two versions are compared
    by.
    """
    if section.quote:
        yield "quote", section.quote
    if section.intro:
        yield "intro", section.intro
    yield from _flat(section.lines)


def _flat(lines: list[Line], above: str = "") -> Iterator[tuple[str, str]]:
    for line in lines:
        key = f"{above}/{line.key}"
        yield key, line.text
        yield from _flat(line.below, key)
        yield from ((f"{key}/step {number}", step.text) for number, step in enumerate(line.steps))

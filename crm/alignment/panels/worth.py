"""What the alignment page says of the scores and of overrides: lines with their lists, and the
finding in words.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from crm.alignment.numbers.report import Numbers
from crm.alignment.numbers.worth import Band, Submitter
from crm.alignment.panels import addresses
from crm.alignment.panels.drawings import LEAST
from crm.lib.number_formats import share


@dataclass(frozen=True)
class BandLine:
    """One band in its table."""

    label: str
    band: Band
    ended_href: str
    won_href: str

    @property
    def too_few(self) -> bool:
        return self.band.ended < LEAST


@dataclass(frozen=True)
class ScoreTable:
    """The bands of one score, and in words whether it is worth anything."""

    title: str
    words: str
    lines: list[BandLine]


@dataclass(frozen=True)
class PersonLine:
    """One person of marketing in the table of overrides; ``to``: the lists behind."""

    person: Submitter
    to: dict[str, str]

    @property
    def too_few(self) -> bool:
        return self.person.handed < LEAST


def title_of(score: str) -> str:
    return _("Fit") if score == "fit" else _("Engagement")


def band_label(band: Band) -> str:
    return f"{band.low}–{band.high}"


def score_tables(numbers: Numbers) -> list[ScoreTable]:
    """Fit, then engagement."""
    to = addresses.links(numbers.scope)
    found = []
    for score in dict.fromkeys(band.score for band in numbers.bands):
        bands = [band for band in numbers.bands if band.score == score]
        lines = [BandLine(band_label(b), b, to[b.slice], to[b.won_slice]) for b in bands]
        found.append(ScoreTable(title_of(score), finding(bands), lines))
    return found


def finding(bands: list[Band]) -> str:
    """Whether more points mean more wins, over the bands that have enough cases to judge."""
    full = [band for band in bands if band.ended >= LEAST]
    if len(full) < 2:
        return _("Too few to judge whether the score is worth anything.")
    rates = [band.rate or 0 for band in full]
    words = {
        "low": band_label(full[0]),
        "high": band_label(full[-1]),
        "from": share(rates[0]),
        "to": share(rates[-1]),
    }
    if rates == sorted(rates) and rates[-1] > rates[0]:
        text = _(
            "It is worth something: the more points, the more is won, {from} at {low} and {to} at"
            " {high}."
        )
    elif rates[-1] > rates[0]:
        text = _(
            "It is worth little: {from} is won at {low} and {to} at {high}, but not more with every"
            " step between."
        )
    else:
        text = _(
            "It is worth nothing: {from} is won at {low} and {to} at {high}. More points do not"
            " mean more wins."
        )
    return text.format(**words)


def people(numbers: Numbers) -> list[PersonLine]:
    """Everybody who handed off, whoever overrides most first."""
    return [PersonLine(each, to_of(numbers, each)) for each in numbers.submitters]


def to_of(numbers: Numbers, person: Submitter) -> dict[str, str]:
    links = addresses.links(replace(numbers.scope, person=person.pk))
    return {name: links[name] for name in ("handed", "overridden")}

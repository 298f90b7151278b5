"""What the alignment page shows of the scores and of overrides: tables, lists and the finding."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from crm.alignment.numbers.report import Numbers
from crm.alignment.numbers.worth import Band, Submitter
from crm.alignment.panels import addresses
from crm.alignment.panels.drawings import LEAST
from crm.lib.number_formats import share


@dataclass(frozen=True)
class BandRow:
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
    """The bands of one score, and a sentence on whether it predicts wins."""

    title: str
    text: str
    lines: list[BandRow]


@dataclass(frozen=True)
class PersonRow:
    """One person of marketing in the table of overrides; ``to`` holds the lists behind it."""

    person: Submitter
    to: dict[str, str]

    @property
    def too_few(self) -> bool:
        return self.person.handed < LEAST


def title_of(score: str) -> str:
    if score == "fit":
        return _("Fit")
    return _("Engagement")


def band_label(band: Band) -> str:
    return f"{band.low}–{band.high}"


def score_tables(numbers: Numbers) -> list[ScoreTable]:
    """Return the table of fit, then that of engagement."""
    to = addresses.links(numbers.scope)
    tables = []
    for score in dict.fromkeys(band.score for band in numbers.bands):
        bands = [band for band in numbers.bands if band.score == score]
        rows = []
        for band in bands:
            row = BandRow(
                label=band_label(band),
                band=band,
                ended_href=to[band.slice],
                won_href=to[band.won_slice],
            )
            rows.append(row)
        tables.append(ScoreTable(title_of(score), finding(bands), rows))
    return tables


def finding(bands: list[Band]) -> str:
    """Return a sentence on whether more points mean more wins.

    Only bands with enough cases are compared.
    """
    judged = [band for band in bands if band.ended >= LEAST]
    if len(judged) < 2:
        return _("Too few to judge whether the score is worth anything.")
    # From low to high, so that a score that predicts wins makes a rising row.
    rates = [band.rate or 0 for band in judged]
    params = {
        "low": band_label(judged[0]),
        "high": band_label(judged[-1]),
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
    return text.format(**params)


def people(numbers: Numbers) -> list[PersonRow]:
    """Return all people who handed off, with most overrides first."""
    return [PersonRow(person, to_of(numbers, person)) for person in numbers.submitters]


def to_of(numbers: Numbers, person: Submitter) -> dict[str, str]:
    """Return the lists behind the numbers of one person."""
    # The other numbers are not counted by person; ListForm refuses such an address.
    links = addresses.links(replace(numbers.scope, person=person.pk))
    return {name: links[name] for name in ("handed", "overridden")}

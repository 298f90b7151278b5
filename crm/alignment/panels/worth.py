"""What the alignment page shows of the scores and of overrides: tables, lists and the finding."""

from __future__ import annotations

from dataclasses import dataclass
from math import copysign

from django.utils.translation import gettext as _

from crm.alignment.charts.marks import counted
from crm.alignment.numbers import intervals
from crm.alignment.numbers.report import Numbers
from crm.alignment.numbers.worth import Band
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
    """Return a sentence on whether the highest band wins more than the lowest one.

    Only bands with enough cases are compared, and a difference is reported only where it is
    more than chance: where its interval of 95% does not hold 0.
    """
    judged = [band for band in bands if band.ended >= LEAST]
    if len(judged) < 2:
        return _("Too few to judge whether the score helps.")
    lowest = judged[0]
    highest = judged[-1]
    least, most = intervals.newcombe((highest.won, highest.ended), (lowest.won, lowest.ended))
    text = _(
        "No proof that it helps: {from} is won at {low} and {to} at {high}. The difference may be"
        " chance; it lies between {least} and {most} points (95%)."
    )
    if least > 0:
        text = _(
            "It helps: {from} is won at {low} and {to} at {high}. The difference is more than"
            " chance; it lies between {least} and {most} points (95%)."
        )
    elif most < 0:
        text = _(
            "It misleads: {from} is won at {low} and only {to} at {high}. The difference is more"
            " than chance; it lies between {least} and {most} points (95%)."
        )
    params = {
        "low": band_label(lowest),
        "high": band_label(highest),
        "from": share(lowest.rate),
        "to": share(highest.rate),
        "least": _points(least),
        "most": _points(most),
    }
    return text.format(**params)


def _points(difference: float) -> str:
    """Return a difference of two shares in points; one that is not 0 never reads 0."""
    points = 100 * difference
    if abs(points) >= 1 or not points:
        return counted(round(points))
    return counted(copysign(max(abs(points), 0.1), points))

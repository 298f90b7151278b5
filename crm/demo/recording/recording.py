"""The recorded past as a file: JSON lines, compressed. The first line is the header, the second the
company, each other one a lead."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from crm.demo.recording import digest, moments

PATH = Path(__file__).with_name("past.jsonl.gz")
FORMAT = 1

# Columns that the file leaves out: they are made when the demo is loaded (crm.demo.load).
MADE = {
    "accounts_user": ["password"],
    "leads_package": ["sha256"],
    "notifications_message": ["uid"],
    "sla_agreementversion": ["content_hash"],
    "sla_signature": ["content_hash"],
}

Row = dict[str, Any]
Rows = dict[str, list[Row]]  # by table
Stretch = tuple[datetime, datetime | None]


class Unlisted(RuntimeError):
    """A moment or a date is in a place that ``crm.demo.recording.moments`` does not list."""


@dataclass(frozen=True)
class Change:
    """A row as it was written at ``moment``."""

    moment: datetime
    table: str
    row: Row


@dataclass
class LeadStory:
    """The rows of one lead: ``settled`` before the last week, ``later`` in it, in order of time.

    ``is_kept``: shown in every demo. ``hidden``: a demo that begins in one of these stretches shows
    the lead as it was before.
    """

    is_kept: bool
    captured_at: datetime
    hidden: list[Stretch] = field(default_factory=list)
    settled: Rows = field(default_factory=dict)
    later: list[Change] = field(default_factory=list)

    def rows(self, *, at: datetime) -> Iterator[tuple[str, Row]]:
        """Yield table and columns of each row that is shown at ``at``, older states first."""
        for table, rows in self.settled.items():
            for row in rows:
                yield table, row
        hidden_since = hides_since(self.hidden, at)
        for change in self.later:
            if change.moment > at or (hidden_since and change.moment >= hidden_since):
                return
            yield change.table, change.row


def hides_since(hidden: list[Stretch], at: datetime) -> datetime | None:
    """Return the beginning of the stretch in which ``at`` lies."""
    inside = (begun for begun, ended in hidden if begun <= at and (ended is None or at < ended))
    return next(inside, None)


@dataclass
class Recording:
    """The company's rows by table, and the stories of its leads in the order in which they came."""

    header: dict[str, Any]
    company: Rows
    leads: list[LeadStory]


# -- Composing


def compose(
    company: Rows, stories: list[tuple[LeadStory, list[Change]]], *, start: datetime, zone: str
) -> Recording:
    """Return the recording of ``company`` and of ``stories``, each with its changes in order.

    Of what changed before the last week, which begins at ``start``, only the last state is kept,
    because no demo begins earlier. Raises Unlisted.
    """
    for story, changes in stories:
        _settle(story, changes, start=start)
    recording = Recording(
        header={
            "format": FORMAT,
            "zone": zone,
            "week": start.date().isoformat(),
            "digest": digest.current(),
            "moments": moments.COLUMNS,
            "moment_paths": moments.PATHS,
            "made_when_loaded": MADE,
        },
        company={
            table: [without_made(table, row) for row in rows] for table, rows in company.items()
        },
        leads=[story for story, _changes in stories],
    )
    # An unlisted date would stay in the recorded week while all others move.
    places = sorted(unlisted(recording))
    if places:
        raise Unlisted(", ".join(places))
    return recording


def _settle(story: LeadStory, changes: list[Change], *, start: datetime) -> None:
    hidden_since = hides_since(story.hidden, start)
    last: dict[tuple[str, int], Row] = {}
    for change in changes:
        row = without_made(change.table, change.row)
        if change.moment <= start and not (hidden_since and change.moment >= hidden_since):
            last[change.table, row["id"]] = row
        else:
            story.later.append(Change(change.moment, change.table, row))
    for (table, _id), row in last.items():
        story.settled.setdefault(table, []).append(row)


def key_of(row: Row) -> Any:
    """Return the primary key of ``row``: a snapshot has its hash instead of an id."""
    return row["id"] if "id" in row else row["hash"]


def without_made(table: str, row: Row) -> Row:
    made = MADE.get(table, [])
    return {name: value for name, value in row.items() if name not in made}


def every_row(recording: Recording) -> Iterator[tuple[str, Row]]:
    """Yield the table and the columns of every row, old states included."""
    yield from _of(recording.company)
    for story in recording.leads:
        yield from _of(story.settled)
        yield from ((change.table, change.row) for change in story.later)


def _of(rows: Rows) -> Iterator[tuple[str, Row]]:
    for table, of_table in rows.items():
        for row in of_table:
            yield table, row


def unlisted(recording: Recording) -> set[str]:
    """Return the columns and JSON paths that hold a moment or a date and are not listed."""
    paths: set[str] = set()
    for table, row in every_row(recording):
        for name, value in row.items():
            paths.update(moments.paths_in(value, f"{table}.{name}"))
    for listed in (recording.header["moments"], recording.header["moment_paths"]):
        for table, names in listed.items():
            paths.difference_update(f"{table}.{name}" for name in names)
    return paths


# -- Writing and reading


def write(recording: Recording, path: Path = PATH) -> None:
    """Write the file. The same recording gives the same bytes."""
    # The names of the columns once for each table, not in every row of the file.
    columns = {table: list(row) for table, row in every_row(recording)}
    recording.header["columns"] = dict(sorted(columns.items()))
    lines = [recording.header, _plain(recording.company), *map(_plain_story, recording.leads)]
    text = "".join(
        f"{json.dumps(line, ensure_ascii=False, separators=(',', ':'))}\n" for line in lines
    )
    # Without the time of writing, equal recordings are equal files.
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


def _plain(rows: Rows) -> dict[str, list[list[Any]]]:
    plain = {}
    for table, of_table in rows.items():
        plain[table] = [list(row.values()) for row in of_table]
    return plain


def _plain_story(story: LeadStory) -> dict[str, Any]:
    return {
        "is_kept": story.is_kept,
        "captured_at": story.captured_at.isoformat(),
        "hidden": [
            [begun.isoformat(), ended and ended.isoformat()] for begun, ended in story.hidden
        ],
        "settled": _plain(story.settled),
        "later": [
            [change.moment.isoformat(), change.table, list(change.row.values())]
            for change in story.later
        ],
    }


def read(path: Path = PATH) -> Recording:
    """Read the file."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        header, company, *stories = map(json.loads, file)
    columns = header["columns"]
    return Recording(
        header=header,
        company=_read_rows(company, columns),
        leads=[_read_story(story, columns) for story in stories],
    )


def stale(path: Path = PATH) -> list[str]:
    """Return the names of the digests by which the code is another than that of the recording.

    Needs neither Django nor a database.
    """
    with gzip.open(path, "rt", encoding="utf-8") as file:
        recorded = json.loads(file.readline())["digest"]
    now = digest.current()
    return [name for name in now if now[name] != recorded.get(name)]


def _read_rows(rows: dict[str, list[list[Any]]], columns: dict[str, list[str]]) -> Rows:
    by_table = {}
    for table, of_table in rows.items():
        by_table[table] = [_read_row(values, columns[table]) for values in of_table]
    return by_table


def _read_row(values: list[Any], columns: list[str]) -> Row:
    return dict(zip(columns, values, strict=True))


def _read_story(story: dict[str, Any], columns: dict[str, list[str]]) -> LeadStory:
    moment = datetime.fromisoformat
    return LeadStory(
        is_kept=story["is_kept"],
        captured_at=moment(story["captured_at"]),
        hidden=[
            (moment(begun), moment(ended) if ended else None) for begun, ended in story["hidden"]
        ],
        settled=_read_rows(story["settled"], columns),
        later=[
            Change(moment(at), table, _read_row(values, columns[table]))
            for at, table, values in story["later"]
        ],
    )

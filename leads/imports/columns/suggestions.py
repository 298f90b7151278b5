"""The likely target of each column: by its header and its cells."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from crm.lib.files.layout import Row
from crm.lib.text import fold, squeezed
from leads.imports.columns import headers, values
from leads.imports.columns.targets import ACTION, COMPANY, REPEATED, SKIP
from leads.imports.readings import EXTERNAL_ID, FIRST_NAME, IDENTITY, LAST_NAME, NAME
from leads.models import CustomField

CONTENT_RANK = 1_000  # behind every header
SURE = 1  # the largest rank of a header that is surely about the lead
# A column that is filled three times as often beats a surer header.
LEVELS = 3
# Of a tool with pipelines: its "Name" is the title of the business, not the person.
OF_BUSINESS = frozenset(["name", "nombre", "nome", "lead", "oportunidad", "opportunity"])


@dataclass
class Column:
    """A column of the file; ``cells`` are those of the first rows that are not empty."""

    position: int
    header: str
    cells: list[str]
    level: int = 0
    field: str = SKIP
    rank: int = CONTENT_RANK

    def take(self, field: str, rank: int = CONTENT_RANK) -> None:
        self.field = field
        self.rank = rank

    def drop(self) -> None:
        self.take(SKIP)


def suggest(
    header: Sequence[str],
    sample: Sequence[Row],
    customs: Sequence[CustomField],
    *,
    actions: Collection[str] = (),
) -> list[str]:
    """Return the likely target of each column; each target once, but e-mails and phones.

    ``actions`` are the folded names of the catalogue of valuable actions. The suggestion passes
    targets.check() wherever a column identifies the lead.
    """
    columns = _columns(header, sample)
    own = _fields_of_customs(customs)
    added = headers.added_columns(header)
    columns = columns[added:]
    for column in columns:
        # A custom field comes first: the organisation itself chose this name.
        code = own.get(squeezed(column.header))
        if code:
            column.take(code, rank=-1)
        else:
            _match(column, actions)
    _sort_out_names(columns)
    _keep_one_each(columns)
    _guess_rest(columns)
    _identify(columns)
    return [SKIP] * added + [column.field for column in columns]


def _columns(header: Sequence[str], sample: Sequence[Row]) -> list[Column]:
    columns: list[Column] = []
    for position, name in enumerate(header):
        cells = [row.cells[position] for row in sample if position < len(row.cells)]
        filled = values.filled(cells)
        level = 0
        if sample:
            level = round(LEVELS * len(filled) / len(sample))
        # Even one value is better than none.
        level = max(level, min(len(filled), 1))
        columns.append(Column(position, name, filled, level))
    return columns


def _fields_of_customs(customs: Sequence[CustomField]) -> dict[str, str]:
    """Return the field of each custom field, by its code and by its names."""
    fields: dict[str, str] = {}
    for custom in customs:
        for name in (custom.code, *custom.name.values()):
            fields[squeezed(name)] = f"attributes.{custom.code}"
    return fields


def _match(column: Column, actions: Collection[str]) -> None:
    """Take the field that the header names, if the cells fit it."""
    match = headers.match(column.header)
    if match is None:
        return
    if match.field == ACTION and not _are_actions(column.cells, actions):
        return
    if values.fit(match.field, column.cells):
        column.take(match.field, match.rank)


def _are_actions(cells: Sequence[str], actions: Collection[str]) -> bool:
    if not cells:
        return True
    return values.share(cells, lambda cell: fold(cell) in actions) >= values.HALF


# -- Names of people and companies


def _sort_out_names(columns: Sequence[Column]) -> None:
    """Decide which columns are names of people, of companies, and parts of names."""
    of_people = [column for column in columns if column.field == NAME]
    has_company = any(column.field == COMPANY for column in columns)
    has_parts = any(column.field in (FIRST_NAME, LAST_NAME) for column in columns)
    for column in of_people:
        is_plain = squeezed(column.header) in OF_BUSINESS
        has_other = has_parts or len(of_people) > 1
        if values.share(column.cells, values.is_company) >= values.HALF:
            column.drop()
            if not has_company:
                column.take(COMPANY, rank=CONTENT_RANK - 1)
        elif is_plain and has_other and _is_title(column, columns):
            column.drop()
    _split_names(columns)


def _is_title(column: Column, columns: Sequence[Column]) -> bool:
    """Return whether a column "Name" beside names of people is the title of a business.

    Its cells then hold none of the names.
    """
    names: set[str] = set()
    for other in columns:
        is_name = other.field == LAST_NAME
        is_name = is_name or (other.field == NAME and squeezed(other.header) not in OF_BUSINESS)
        if is_name:
            names.update(fold(cell) for cell in other.cells)
    if not names or not column.cells:
        return False
    # "Norte Digital, Ana Ruiz" holds "Ana Ruiz", too.
    held = []
    for cell in column.cells:
        if any(name in fold(cell) or fold(cell) in name for name in names):
            held.append(cell)
    is_one_word = values.share(column.cells, lambda cell: " " not in cell) >= values.HALF
    return not held and not is_one_word


def _split_names(columns: Sequence[Column]) -> None:
    """With a column "Apellidos" and none of first names, "Nombre" is the first name alone."""
    fields = [column.field for column in columns]
    if LAST_NAME not in fields or FIRST_NAME in fields:
        return
    last = [fold(cell) for cell in columns[fields.index(LAST_NAME)].cells]
    for column in columns:
        is_plain = squeezed(column.header) in OF_BUSINESS
        if column.field != NAME or not is_plain:
            continue
        if not any(name and name in fold(cell) for cell in column.cells for name in last):
            column.take(FIRST_NAME, column.rank)
        return


# -- One column for each target


def _keep_one_each(columns: Sequence[Column]) -> None:
    """Keep the best column of each field: the fuller one, then the surer header."""
    best: dict[str, Column] = {}
    for column in sorted(columns, key=_preference):
        if column.field == SKIP:
            continue
        if column.field in best:
            if not _fills_gaps(column):
                column.drop()
        else:
            best[column.field] = column


def _fills_gaps(column: Column) -> bool:
    """Return whether to take a further column of its field, for rows where the best one is empty.

    So a lead with a mobile alone keeps it beside leads with a phone.
    """
    return column.field in REPEATED and bool(column.cells) and 0 <= column.rank <= SURE


def _preference(column: Column) -> tuple[int, int, int]:
    return (-column.level, column.rank, column.position)


def _guess_rest(columns: Sequence[Column]) -> None:
    """Take what the cells of the other columns look like, where nothing is taken yet."""
    # An empty "Phone" takes nothing from a filled column of another name.
    taken = {column.field for column in columns if column.cells}
    for column in columns:
        if column.field != SKIP or headers.is_of_others(column.header):
            continue
        field = values.likely_field(column.cells)
        if field and field not in taken:
            for other in columns:
                if other.field == field:
                    other.drop()
            column.take(field)
            taken.add(field)


def _identify(columns: Sequence[Column]) -> None:
    """Take a column as name or id where no other one identifies the lead."""
    taken = {column.field for column in columns}
    if taken & {*IDENTITY, FIRST_NAME, LAST_NAME}:
        return
    looks: list[tuple[str, Callable[[Column], bool]]] = [
        (NAME, lambda column: values.share(column.cells, _is_full_name) >= values.LIKELY),
        (EXTERNAL_ID, _identifies),
    ]
    for field, look in looks:
        for column in columns:
            if column.field == SKIP and column.cells and look(column):
                column.take(field)
                return


def _is_full_name(cell: str) -> bool:
    """Return whether a cell is two to five words of letters alone."""
    words = cell.split()
    return 2 <= len(words) <= 5 and all(word.strip(".'-").isalpha() for word in words)


def _identifies(column: Column) -> bool:
    if headers.is_of_others(column.header) and "id" not in fold(column.header).split():
        return False
    return values.fit(EXTERNAL_ID, column.cells) and (
        values.share(column.cells, values.is_id) >= values.LIKELY
    )

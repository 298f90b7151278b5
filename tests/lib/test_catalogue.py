"""What all catalogues share: names, codes, the order, archiving."""

from __future__ import annotations

import pytest

from crm.lib import catalogue
from crm.lib.errors import DomainError
from leads.models import ValuableActionKind
from sla.models import RejectionReason
from tests import factories
from tests.factories import Cast, when

AT = when("2026-02-02 12:00")
LATER = when("2026-02-03 12:00")


class NeededElsewhere(DomainError):
    code = "needed_elsewhere"


def codes() -> list[str]:
    return list(RejectionReason.objects.values_list("code", flat=True))


@pytest.fixture
def reasons(cast: Cast) -> list[RejectionReason]:
    """The reasons of the cast in their order."""
    return list(RejectionReason.objects.all())


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ({"es": " Sin  zona ", "en": "Out\nof area"}, {"es": "Sin zona", "en": "Out of area"}),
        ({"es": "Sin zona", "en": " "}, {"es": "Sin zona"}),
        ({"fr": "Hors zone"}, {}),
    ],
)
def test_name_is_cleaned(name: dict[str, str], clean: dict[str, str]) -> None:
    assert catalogue.clean_name(name) == clean


def test_long_name_is_cut() -> None:
    assert catalogue.clean_name({"es": "abcdef"}, longest=3) == {"es": "abc"}


def test_complete_name_needs_both_languages() -> None:
    with pytest.raises(catalogue.BadName) as error:
        catalogue.complete_name({"es": "Sin zona"})
    assert list(error.value.fields) == ["name_en"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ({"es": "Sin zona", "en": "Out of area"}, "out_of_area"),
        ({"es": "Año fiscal"}, "ano_fiscal"),
        ({"en": "Wrong team"}, "wrong_team_2"),
        ({"en": "…"}, "reason"),
        ({"en": "a" * 80}, "a" * 50),
    ],
)
def test_new_code_is_made_of_the_name(cast: Cast, name: dict[str, str], code: str) -> None:
    assert catalogue.new_code(RejectionReason, name, default="reason") == code


def test_free_code_counts_on(cast: Cast) -> None:
    for number in (2, 3):
        name = {"en": "Wrong team"}
        RejectionReason.objects.create(code=f"wrong_team_{number}", kind="procedural", name=name)
    assert catalogue.free_code(RejectionReason, "wrong_team") == "wrong_team_4"


def test_new_row_comes_last(reasons: list[RejectionReason]) -> None:
    last = max(reason.position for reason in reasons)
    assert catalogue.last_position(RejectionReason) == last + 1


def test_first_row_of_all_comes_at_0(db: None) -> None:
    ValuableActionKind.objects.all().delete()
    assert catalogue.last_position(ValuableActionKind) == 0


def test_position_stays_within_its_column(reasons: list[RejectionReason]) -> None:
    RejectionReason.objects.filter(pk=reasons[0].pk).update(position=catalogue.LAST_POSITION)
    assert catalogue.last_position(RejectionReason) == catalogue.LAST_POSITION


@pytest.mark.parametrize(("position", "there"), [(0, 0), (1, 1), (99, 2), (-5, 0)])
def test_row_is_placed_among_all(reasons: list[RejectionReason], position: int, there: int) -> None:
    moved = reasons[1]
    others = [reason.code for reason in reasons if reason != moved]
    others.insert(there, moved.code)
    catalogue.place(moved, position)
    assert codes() == others


def test_row_moves_one_place_among_those_in_use(reasons: list[RejectionReason]) -> None:
    first, second, third = reasons
    catalogue.archive(second, at=AT)
    assert catalogue.move(third, catalogue.UP) == 0
    in_use = catalogue.in_use(RejectionReason)
    assert [row.code for row in in_use] == [third.code, first.code]


@pytest.mark.parametrize(("place", "step"), [(0, catalogue.UP), (2, catalogue.DOWN)])
def test_row_at_the_end_stays(reasons: list[RejectionReason], place: int, step: int) -> None:
    assert catalogue.move(reasons[place], step) is None
    assert codes() == [reason.code for reason in reasons]


def test_archived_row_does_not_move(reasons: list[RejectionReason]) -> None:
    catalogue.archive(reasons[1], at=AT)
    assert catalogue.move(reasons[1], catalogue.UP) is None


def test_row_is_archived_once(reasons: list[RejectionReason]) -> None:
    reason = reasons[0]
    assert (catalogue.archive(reason, at=AT), catalogue.archive(reason, at=LATER)) == (True, False)
    assert reason.archived_at == AT
    assert reason not in catalogue.in_use(RejectionReason)


def test_row_is_restored_once(reasons: list[RejectionReason]) -> None:
    reason = reasons[0]
    catalogue.archive(reason, at=AT)
    assert (catalogue.restore(reason), catalogue.restore(reason)) == (True, False)
    assert reason.archived_at is None


def test_row_that_another_points_at_is_not_deleted(cast: Cast) -> None:
    reason = factories.rejection()
    factories.rejected(cast, code=reason.code)
    with pytest.raises(NeededElsewhere):
        catalogue.delete(reason, in_use_error=NeededElsewhere)


def test_choices_are_those_in_use_by_their_names_of_now(cast: Cast) -> None:
    action = factories.action()
    assert (action.pk, str(action)) in catalogue.choices(ValuableActionKind)
    ValuableActionKind.objects.filter(pk=action.pk).update(name={"en": "Trial"})
    shown = [(row.pk, str(row)) for row in catalogue.in_use(ValuableActionKind)]
    assert list(catalogue.choices(ValuableActionKind)) == shown
    assert (action.pk, "Trial") in shown
    catalogue.archive(action, at=LATER)
    assert action.pk not in dict(catalogue.choices(ValuableActionKind))


def test_choices_have_the_values_that_are_asked_for(reasons: list[RejectionReason]) -> None:
    clerical = [(row.pk, str(row)) for row in reasons if row.kind == "clerical"]
    assert list(catalogue.choices(RejectionReason, kind="clerical")) == clerical
    assert len(clerical) < len(reasons)

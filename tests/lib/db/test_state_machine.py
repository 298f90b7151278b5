"""The table of moves, and errors that people can act on."""

import pytest

from crm.lib.db.state_machine import check_move
from crm.lib.errors import Conflict, DomainError, IllegalMove

LIGHT = {"red": frozenset({"green"}), "green": frozenset({"amber"}), "amber": frozenset({"red"})}


def test_allowed_move_passes() -> None:
    check_move(LIGHT, "red", "green")


@pytest.mark.parametrize(
    ("old", "new"), [("green", "red"), ("red", "red"), ("off", "red"), ("red", "blue")]
)
def test_move_that_is_not_in_the_table_is_illegal(old: str, new: str) -> None:
    with pytest.raises(IllegalMove):
        check_move(LIGHT, old, new)


def test_error_carries_its_words_and_the_fields_to_mend() -> None:
    error = DomainError("Mend it.", fields={"name": "Missing"})
    assert (str(error), error.fields, error.status, error.code) == (
        "Mend it.",
        {"name": "Missing"},
        422,
        "refused",
    )


@pytest.mark.parametrize("kind", [Conflict, IllegalMove])
def test_conflicts_answer_409(kind: type[DomainError]) -> None:
    assert kind().status == 409

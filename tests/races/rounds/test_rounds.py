"""Each race on fresh leads, round after round."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from tests.conftest import Moment
from tests.factories import Cast
from tests.races.rounds.judging import faults_of
from tests.races.rounds.races import MAIN, RACES, Race

pytestmark = pytest.mark.django_db(transaction=True)


def cases(races: Iterable[Race], rounds: int, *marks: pytest.MarkDecorator) -> list[Any]:
    return [pytest.param(race, rounds, id=f"{race} ({rounds})", marks=marks) for race in races]


@pytest.mark.parametrize(
    ("race", "rounds"),
    cases(MAIN, 50) + cases(RACES, 500, pytest.mark.soak),
)
def test_race_ends_as_one_act_after_the_other(
    cast: Cast, moment: Moment, race: Race, rounds: int
) -> None:
    faults = faults_of(race, rounds, cast, moment)
    assert not faults, "\n".join(faults[:5])

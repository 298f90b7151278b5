"""Each race is seen to go wrong with its guard taken out; in `make faults`."""

from __future__ import annotations

import pytest

from tests.conftest import Moment
from tests.factories import Cast
from tests.races.parallel import Without
from tests.races.rounds.guards import GUARDS
from tests.races.rounds.judging import faults_of
from tests.races.rounds.races import RACES, Race

pytestmark = [pytest.mark.long_faults, pytest.mark.django_db(transaction=True)]

ROUNDS = 6  # at most: an answer that nobody may get ends them


@pytest.mark.parametrize("race", [race for race in RACES if race.guards], ids=str)
def test_race_without_its_guard_is_noticed(
    cast: Cast, moment: Moment, without: Without, monkeypatch: pytest.MonkeyPatch, race: Race
) -> None:
    def take_out() -> None:
        for name in race.guards:
            GUARDS[name](monkeypatch, without)

    faults = faults_of(race, ROUNDS, cast, moment, before=take_out)
    print(f"{race}, without {' and '.join(race.guards)}: {len(faults)} faults, {faults[:1]}")
    assert faults

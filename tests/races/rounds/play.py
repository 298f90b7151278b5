"""Two people who act at the same moment, round after round, each over one connection."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from django.db import connection

WITHIN = 30.0
# By how much one of the two starts later: each order of their statements comes up.
DELAYS = (0.0, 0.001, 0.002, 0.004, 0.007)

Act = Callable[[], Any]


def play(
    rounds: Sequence[tuple[Act, ...]], *, ends: Callable[[Any], bool] = lambda result: False
) -> list[list[Any]]:
    """Play ``rounds`` one after the other; return what both acts of each returned or raised.

    ``ends``: whether a result makes its round the last one.
    """
    results: list[list[Any]] = []

    def begin() -> None:
        if results and any(ends(result) for result in results[-1]):
            raise threading.BrokenBarrierError
        results.append([None, None])

    start = threading.Barrier(2, action=begin)

    def run(side: int) -> None:
        with suppress(threading.BrokenBarrierError):
            for number, acts in enumerate(rounds):
                start.wait(WITHIN)
                if number % 2 == side:
                    time.sleep(DELAYS[number // 2 % len(DELAYS)])
                results[number][side] = outcome(acts[side])
        connection.close()

    threads = [threading.Thread(target=run, args=[side], daemon=True) for side in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * WITHIN + len(rounds))
    assert not [thread for thread in threads if thread.is_alive()], "a thread is still waiting"
    return results


def outcome(act: Act) -> Any:
    """Return what ``act`` returns, or the error that it raises."""
    try:
        return act()
    except Exception as error:
        return error

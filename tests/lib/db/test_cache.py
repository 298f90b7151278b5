"""Django's cache in our table: what it keeps, for how long, and that it holds data only."""

from __future__ import annotations

import base64
import pickle
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import connection

pytestmark = pytest.mark.django_db


def run(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def age() -> None:
    run("UPDATE relevo_cache SET expires = relevo_now() - interval '1 second'")


@pytest.mark.parametrize("value", ["ñ", 1, 1.5, True, None, [1.25, 2.5], {"a": [None]}])
def test_value_is_read_as_it_was_written(value: object) -> None:
    cache.set("k", value, 60)
    assert cache.get("k", "missing") == value


def test_value_ends_with_its_time() -> None:
    cache.set("for_a_minute", 1, 60)
    cache.set("for_ever", 1, None)
    cache.set("over", 1, -1)
    assert cache.get_many(["for_a_minute", "for_ever", "over"]) == {
        "for_a_minute": 1,
        "for_ever": 1,
    }
    age()
    assert cache.get("for_a_minute") is None


def test_only_one_adds() -> None:
    assert [cache.add("k", number, 60) for number in (1, 2)] == [True, False]
    assert cache.get("k") == 1
    age()
    assert cache.add("k", 3, 60) is True
    assert cache.get("k") == 3


def test_touch_delete_and_clear_say_what_was_there() -> None:
    cache.set("a", 1, 60)
    assert [cache.touch("a", 90), cache.touch("b", 90)] == [True, False]
    assert [cache.delete("a"), cache.delete("a")] == [True, False]
    cache.set("c", 1, 60)
    cache.clear()
    assert cache.get("c") is None


def test_writes_delete_what_is_over() -> None:
    for number in range(5):
        cache.set(f"k{number}", number, 60)
    age()
    cache.set("new", 1, 60)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM relevo_cache")
        assert cursor.fetchone() == (1,)


class Harm:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> object:
        return Path.touch, (self.path,)


def test_row_never_runs_code(tmp_path: Path) -> None:
    pickled = base64.b64encode(pickle.dumps(Harm(tmp_path / "ran"))).decode()
    cache.set("k", 1, 60)
    run("UPDATE relevo_cache SET value = %s", pickled)
    with pytest.raises(ValueError, match="Expecting value"):
        cache.get("k")
    assert not (tmp_path / "ran").exists()


def test_values_of_earlier_versions_are_not_read() -> None:
    """They run beside this one during an upgrade."""
    value = base64.b64encode(pickle.dumps(1)).decode()
    run("INSERT INTO relevo_cache VALUES (':1:k', %s, 'infinity')", value)
    assert cache.get("k") is None

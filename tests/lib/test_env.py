"""Typed reading of the environment: a bad value is refused by the name of its variable."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from crm.lib.env import Env


@pytest.mark.parametrize(
    ("raw", "value"), [("1", True), ("TRUE", True), (" on ", True), ("0", False), ("", False)]
)
def test_flag_is_read(raw: str, value: bool) -> None:
    assert Env({"DEBUG": raw}).flag("DEBUG") is value


def test_flag_without_value_is_its_default() -> None:
    assert Env({}).flag("DEBUG", default=True) is True


def test_bad_flag_is_refused_by_name() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^DEBUG='maybe' is not accepted: use 1 or 0$"):
        Env({"DEBUG": "maybe"}).flag("DEBUG")


@pytest.mark.parametrize("raw", ["0", "10"])
def test_number_at_its_bounds_is_read(raw: str) -> None:
    assert Env({"N": raw}).number("N", 5, low=0, high=10) == int(raw)


@pytest.mark.parametrize("raw", ["-1", "11", "ten", "1.5", ""])
def test_bad_number_is_refused_by_name(raw: str) -> None:
    with pytest.raises(
        ImproperlyConfigured, match=f"^N='{raw}' is not accepted: use a whole number from 0 to 10$"
    ):
        Env({"N": raw}).number("N", 5, low=0, high=10)


def test_unknown_choice_is_refused_with_what_is_known() -> None:
    with pytest.raises(
        ImproperlyConfigured, match=r"^MODE='prod' is not accepted: use production \| demo$"
    ):
        Env({"MODE": "prod"}).choice("MODE", "production", ["production", "demo"])


def test_names_are_split_and_trimmed() -> None:
    assert Env({"HOSTS": " a.test, b.test ,,"}).names("HOSTS") == ["a.test", "b.test"]


@pytest.mark.parametrize("raw", ["ftp://x", "redis:/x", "localhost:6379", ""])
def test_url_of_another_scheme_is_refused_by_name(raw: str) -> None:
    with pytest.raises(
        ImproperlyConfigured, match=f"^REDIS_URL='{raw}' is not accepted: use redis://…$"
    ):
        Env({"REDIS_URL": raw}).url("REDIS_URL", "redis://localhost", ["redis"])


def test_refused_url_does_not_show_its_password() -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        Env({"DATABASE_URL": "mysql://ana:secret@db/relevo"}).database("DATABASE_URL", "")
    assert str(refused.value) == (
        "DATABASE_URL='(hidden)' is not accepted: use postgres://… | postgresql://…"
    )


def test_database_without_name_is_refused_without_its_password() -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        Env({"DATABASE_URL": "postgres://ana:secret@db/"}).database("DATABASE_URL", "")
    assert str(refused.value) == (
        "DATABASE_URL='(hidden)' is not accepted: use a URL that ends in the name of a database"
    )


def test_database_is_read() -> None:
    found = Env({"D": "postgres://ana:s%40cret@db.test:5433/relevo"}).database("D", "")
    wanted = {
        "NAME": "relevo",
        "USER": "ana",
        "PASSWORD": "s@cret",
        "HOST": "db.test",
        "PORT": 5433,
    }
    assert {key: found[key] for key in wanted} == wanted


def test_database_on_a_unix_socket_is_read() -> None:
    found = Env({"D": "postgres://relevo_app@%2Fvar%2Frun%2Fpostgresql/relevo"}).database("D", "")
    assert (found["HOST"], found["NAME"]) == ("/var/run/postgresql", "relevo")

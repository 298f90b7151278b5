"""Settings: production is what you get when nothing is said, and a bad value is refused by its
name.
"""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from tests.sources import ROOT

KEY = "k" * 50
PRODUCTION = {
    "SECRET_KEY": KEY,
    "ALLOWED_HOSTS": "relevo.test",
    "BASE_URL": "https://relevo.test",
    "DATABASE_URL": "postgres://relevo_app@db.test/relevo",
    "REDIS_URL": "redis://redis.test:6379/0",
}


@pytest.fixture
def settings_of(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The settings read anew from exactly these variables, beside those of the running tests."""

    def read(**variables: str | None) -> dict[str, Any]:
        given = {
            name: value for name, value in {**PRODUCTION, **variables}.items() if value is not None
        }
        with monkeypatch.context() as patch:
            for name in {*os.environ} - {"PATH", "HOME"}:
                patch.delenv(name)
            for name, value in given.items():
                patch.setenv(name, value)
            return runpy.run_path(str(ROOT / "crm" / "settings.py"))

    return read


def test_production_is_the_default(settings_of: Any) -> None:
    found = settings_of()
    assert (found["RELEVO_MODE"], found["PRODUCTION"], found["DEMO"], found["DEBUG"]) == (
        "production",
        True,
        False,
        False,
    )


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"RELEVO_MODE": "prod"}, "RELEVO_MODE='prod' is not accepted"),
        ({"DEBUG": "1"}, "DEBUG='1' is not accepted: use 0 while RELEVO_MODE=production"),
        ({"DEBUG": "perhaps"}, "DEBUG='perhaps' is not accepted: use 1 or 0"),
        ({"SECRET_KEY": None}, "SECRET_KEY must be set to at least 50 random characters"),
        ({"SECRET_KEY": ""}, "SECRET_KEY must be set to at least 50 random characters"),
        ({"SECRET_KEY": "k" * 49}, "SECRET_KEY must be set to at least 50 random characters"),
        ({"SECRET_KEY": "k" * 49 + " "}, "SECRET_KEY must be set to at least 50 random characters"),
        ({"ALLOWED_HOSTS": None}, "ALLOWED_HOSTS='' is not accepted"),
        ({"ALLOWED_HOSTS": " , "}, "ALLOWED_HOSTS='' is not accepted"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS='*' is not accepted"),
        ({"ALLOWED_HOSTS": "relevo.test,*"}, "ALLOWED_HOSTS='relevo.test,*' is not accepted"),
        ({"BASE_URL": "relevo.test"}, "BASE_URL='relevo.test' is not accepted"),
        ({"BASE_URL": "ftp://relevo.test"}, "BASE_URL='ftp://relevo.test' is not accepted"),
        (
            {"DATABASE_URL": "sqlite:///relevo.db"},
            "DATABASE_URL='sqlite:///relevo.db' is not accepted",
        ),
        ({"DATABASE_URL": "mysql://a:b@db/x"}, "DATABASE_URL='(hidden)' is not accepted"),
        ({"DATABASE_URL": "postgres://a:b@db/"}, "DATABASE_URL='(hidden)' is not accepted"),
        (
            {"DATABASE_OWNER_URL": "mysql://a:b@db/x"},
            "DATABASE_OWNER_URL='(hidden)' is not accepted",
        ),
        ({"REDIS_URL": "localhost:6379"}, "REDIS_URL='localhost:6379' is not accepted"),
        ({"EMAIL_URL": "smtp.test:25"}, "EMAIL_URL='smtp.test:25' is not accepted"),
        (
            {"EMAIL_URL": "filemail:///tmp/mails"},
            "EMAIL_URL='filemail:///tmp/mails' is not accepted",
        ),
        ({"EMAIL_URL": "http://a:b@smtp.test"}, "EMAIL_URL='(hidden)' is not accepted"),
        ({"EMAIL_URL": "smtp://a:b@"}, "EMAIL_URL='(hidden)' is not accepted"),
        (
            {"EMAIL_URL": "smtp://a:b@smtp.test:mail"},
            "EMAIL_URL='(hidden)' is not accepted: use a port from 1 to 65535",
        ),
        (
            {"EMAIL_URL": "smtp://a:b@smtp.test:99999"},
            "EMAIL_URL='(hidden)' is not accepted: use a port from 1 to 65535",
        ),
        ({"EMAIL_URL": "smtp://smtp.test/?ssl=1"}, "EMAIL_URL='(hidden)' is not accepted"),
        (
            {"EMAIL_TIMEOUT": "0"},
            "EMAIL_TIMEOUT='0' is not accepted: use a whole number from 1 to 60",
        ),
        ({"DEFAULT_FROM_EMAIL": "Relevo"}, "DEFAULT_FROM_EMAIL='Relevo' is not accepted"),
        ({"DEFAULT_FROM_EMAIL": "a@b.test\nBcc: c@d.test"}, "DEFAULT_FROM_EMAIL="),
        ({"RELEVO_METRICS_TOKEN": "short"}, "RELEVO_METRICS_TOKEN='(hidden)' is not accepted"),
        ({"RELEVO_PROXIES": "-1"}, "RELEVO_PROXIES='-1' is not accepted"),
        ({"RELEVO_PROXIES": "one"}, "RELEVO_PROXIES='one' is not accepted"),
        ({"RELEVO_SESSION_DAYS": "0"}, "RELEVO_SESSION_DAYS='0' is not accepted"),
        ({"RELEVO_SESSION_IDLE_HOURS": "0"}, "RELEVO_SESSION_IDLE_HOURS='0' is not accepted"),
        (
            {"RELEVO_SESSION_DAYS": "1", "RELEVO_SESSION_IDLE_HOURS": "25"},
            "RELEVO_SESSION_IDLE_HOURS='25' is not accepted: use no more hours than"
            " RELEVO_SESSION_DAYS has",
        ),
        ({"RELEVO_HSTS_SUBDOMAINS": "maybe"}, "RELEVO_HSTS_SUBDOMAINS='maybe' is not accepted"),
        ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL='LOUD' is not accepted"),
    ],
)
def test_bad_value_is_refused_by_its_name(
    settings_of: Any, variables: dict[str, str | None], words: str
) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        settings_of(**variables)
    assert str(refused.value)[: len(words)] == words


@pytest.mark.parametrize(
    ("days", "hours", "idle"),
    [
        (None, None, 72),
        ("1", None, 24),
        ("1", "", 24),
        ("2", None, 48),
        ("3", "", 72),
        ("90", "", 72),
        ("1", "8", 8),
    ],
)
def test_days_of_a_session_alone_are_enough(
    settings_of: Any, days: str | None, hours: str | None, idle: int
) -> None:
    found = settings_of(RELEVO_SESSION_DAYS=days, RELEVO_SESSION_IDLE_HOURS=hours)
    assert found["SESSION_IDLE_AFTER"] == timedelta(hours=idle)


@pytest.mark.parametrize("mode", ["demo", "development", "test"])
def test_other_modes_start_without_a_key_and_for_this_machine_only(
    settings_of: Any, mode: str
) -> None:
    found = settings_of(RELEVO_MODE=mode, SECRET_KEY=None, ALLOWED_HOSTS=None)
    assert found["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]"]


@pytest.mark.parametrize(
    ("mode", "demo"),
    [("production", False), ("development", False), ("test", False), ("demo", True)],
)
def test_demo_is_on_in_demo_mode_only(settings_of: Any, mode: str, demo: bool) -> None:
    assert settings_of(RELEVO_MODE=mode)["DEMO"] is demo


@pytest.mark.parametrize(
    ("mode", "demanded"),
    [("production", True), ("development", True), ("test", False), ("demo", False)],
)
def test_second_factor_is_demanded_where_people_work(
    settings_of: Any, mode: str, demanded: bool
) -> None:
    assert settings_of(RELEVO_MODE=mode)["SECOND_FACTOR_DEMANDED"] is demanded


@pytest.mark.parametrize("mode", ["production", "demo", "development"])
def test_passwords_are_hashed_with_argon2_everywhere_but_in_tests(
    settings_of: Any, mode: str
) -> None:
    found = settings_of(RELEVO_MODE=mode)["PASSWORD_HASHERS"]
    assert found == ["django.contrib.auth.hashers.Argon2PasswordHasher"]


def security_warnings(found: dict[str, Any]) -> set[str]:
    """The ids of what `check --deploy` says about the security of these settings."""
    given = {name: value for name, value in found.items() if name.isupper()}
    del given["DATABASES"]  # those of the tests stay
    with override_settings(**given):
        return {each.id or "" for each in checks.run_checks(tags=["security"], **DEPLOYED)}


DEPLOYED = {"include_deployment_checks": True}
HARD_TO_GUESS = {"SECRET_KEY": "abcdefghijklmnopqrstuvwxyz" * 2}


def test_check_of_a_deployment_says_only_what_is_silenced_with_a_reason(settings_of: Any) -> None:
    found = settings_of(RELEVO_PROXIES="1", **HARD_TO_GUESS)
    assert security_warnings(found) == set(found["SILENCED_SYSTEM_CHECKS"])
    assert all(found["NOT_HERE"].values())


def test_check_of_a_deployment_misses_the_proxy_that_brings_https(settings_of: Any) -> None:
    assert "relevo.W001" in security_warnings(settings_of(**HARD_TO_GUESS))


@pytest.mark.parametrize(("given", "on"), [("1", True), (None, False)])
def test_hsts_of_subdomains_is_a_setting(settings_of: Any, given: str | None, on: bool) -> None:
    assert settings_of(RELEVO_HSTS_SUBDOMAINS=given)["SECURE_HSTS_INCLUDE_SUBDOMAINS"] is on


COOKIES = ("SESSION", "CSRF", "LANGUAGE", "DEVICE", "SAVED")


@pytest.mark.parametrize(
    ("url", "prefix"),
    [("https://relevo.test", "__Host-relevo_"), ("http://relevo.test", "relevo_")],
)
def test_cookies_belong_to_this_host_alone_where_there_is_https(
    settings_of: Any, url: str, prefix: str
) -> None:
    found = settings_of(BASE_URL=url)
    names = [found[f"{each}_COOKIE_NAME"] for each in COOKIES]
    assert names == [f"{prefix}{each.lower()}" for each in COOKIES]


@pytest.mark.parametrize(
    ("url", "proxies", "believed"),
    [
        ("https://relevo.test", None, False),
        ("https://relevo.test", "1", True),
        ("http://relevo.test", "1", False),
    ],
)
def test_forwarded_scheme_is_believed_only_of_declared_proxies(
    settings_of: Any, url: str, proxies: str | None, believed: bool
) -> None:
    found = settings_of(BASE_URL=url, RELEVO_PROXIES=proxies)
    assert ("SECURE_PROXY_SSL_HEADER" in found) is believed


SECURE = (
    "SESSION_COOKIE_SECURE",
    "CSRF_COOKIE_SECURE",
    "LANGUAGE_COOKIE_SECURE",
    "SECURE_HSTS_SECONDS",
)


@pytest.mark.parametrize(
    ("url", "values"),
    [
        ("https://relevo.test", [True, True, True, 31_536_000]),
        ("http://relevo.test", [False, False, False, 0]),
    ],
)
def test_cookies_and_hsts_follow_the_address(settings_of: Any, url: str, values: list[Any]) -> None:
    found = settings_of(BASE_URL=url)
    assert [found[name] for name in SECURE] == values


def test_content_security_policy_knows_nothing_unsafe(settings_of: Any) -> None:
    directives = settings_of()["CONTENT_SECURITY_POLICY"]["DIRECTIVES"]
    assert [
        value
        for values in directives.values()
        for value in values
        if "unsafe" in str(value) or value == "*"
    ] == []


MAIL = (
    "EMAIL_HOST",
    "EMAIL_PORT",
    "EMAIL_HOST_USER",
    "EMAIL_HOST_PASSWORD",
    "EMAIL_USE_TLS",
    "EMAIL_USE_SSL",
)


@pytest.mark.parametrize(
    ("url", "values"),
    [
        ("smtp://mail.test", ("mail.test", 25, "", "", False, False)),
        ("smtp://mail.test:2525", ("mail.test", 2525, "", "", False, False)),
        (
            "smtp+tls://a%40b.test:p%2Fw@mail.test",
            ("mail.test", 587, "a@b.test", "p/w", True, False),
        ),
        ("smtp+ssl://a:b@mail.test", ("mail.test", 465, "a", "b", False, True)),
    ],
)
def test_mail_server_is_one_address(settings_of: Any, url: str, values: tuple[Any, ...]) -> None:
    found = settings_of(EMAIL_URL=url)
    assert (found["MAIL_ON"], *(found[name] for name in MAIL)) == (True, *values)


@pytest.mark.parametrize(
    ("variables", "on", "backend"),
    [
        ({}, False, "dummy"),
        ({"RELEVO_MODE": "development"}, False, "dummy"),
        ({"RELEVO_MODE": "demo"}, True, "console"),
        ({"EMAIL_URL": "consolemail://"}, True, "console"),
        ({"RELEVO_MODE": "demo", "EMAIL_URL": "smtp://mail.test"}, True, "smtp"),
    ],
)
def test_mail_is_off_unless_set_but_in_the_demo(
    settings_of: Any, variables: dict[str, str | None], on: bool, backend: str
) -> None:
    found = settings_of(**variables)
    assert (found["MAIL_ON"], found["EMAIL_BACKEND"].split(".")[-2]) == (on, backend)


def test_mails_come_from_the_site_unless_set(settings_of: Any) -> None:
    given = "Ventas <ventas@firma.test>"
    found = [
        settings_of(DEFAULT_FROM_EMAIL=sender)["DEFAULT_FROM_EMAIL"] for sender in (None, given)
    ]
    assert found == ["Relevo <relevo@relevo.test>", given]


def test_broker_carries_json_only(settings_of: Any) -> None:
    found = settings_of()
    assert (found["CELERY_TASK_SERIALIZER"], found["CELERY_ACCEPT_CONTENT"]) == ("json", ["json"])


def test_cache_lives_in_the_database(settings_of: Any) -> None:
    """With the cache on a dead Redis sign-in answers 500."""
    assert settings_of()["CACHES"]["default"]["BACKEND"] == "crm.lib.db.cache.JsonCache"


def test_owner_of_the_tables_is_another_role(settings_of: Any) -> None:
    found = settings_of(DATABASE_OWNER_URL="postgres://relevo_owner:s3@db.test:5433/relevo")
    assert (found["OWNER_DATABASE"]["USER"], found["DATABASES"]["default"]["USER"]) == (
        "relevo_owner",
        "relevo_app",
    )


def test_process_stops_with_the_name_of_the_bad_value() -> None:
    variables = {**PRODUCTION, "PATH": os.environ["PATH"], "ALLOWED_HOSTS": "*"}
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env=variables,
        capture_output=True,
        text=True,
        timeout=60,
    )
    last = done.stderr.strip().splitlines()[-1]
    assert (done.returncode, "ALLOWED_HOSTS='*' is not accepted" in last) == (1, True)

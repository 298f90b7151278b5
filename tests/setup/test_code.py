"""The set-up code: who is asked for it, which one counts, and where it is shown."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from crm.setup import code
from tests.conftest import Moment
from tests.setup.conftest import FIRST


@pytest.mark.parametrize(
    ("production", "more"),
    [
        (True, {}),
        (False, {"REMOTE_ADDR": "192.168.1.20"}),
        (False, {"HTTP_X_FORWARDED_FOR": "10.0.0.9"}),
    ],
)
def test_strangers_need_the_setup_code(
    moment: Moment, client: Client, settings: Settings, production: bool, more: dict[str, str]
) -> None:
    settings.PRODUCTION = production
    without = client.post("/setup/first/", FIRST, **more)
    wrong = client.post("/setup/first/", {**FIRST, "code": "AAAA-BBBB-CCCC-DDDD"}, **more)
    assert [(r.status_code, list(r.context["form"].errors)) for r in (without, wrong)] == [
        (422, ["code"])
    ] * 2
    right = client.post("/setup/first/", {**FIRST, "code": code.code().lower()}, **more)
    assert right.status_code == 302


def test_setup_code_of_the_settings_wins(settings: Settings) -> None:
    made = code.code()
    settings.RELEVO_SETUP_CODE = "un código bastante largo"
    assert code.is_right("Un código bastante  largo")
    assert not code.is_right(made)


def test_production_server_logs_the_code_until_somebody_can_sign_in(
    moment: Moment,
    client: Client,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.PRODUCTION = True
    monkeypatch.setattr(code, "connection", type("Kept", (), {"close": staticmethod(lambda: None)}))
    code.announce()
    assert [code.code() in line for line in caplog.messages] == [True]
    caplog.clear()
    client.post("/setup/first/", {**FIRST, "code": code.code()})
    caplog.clear()
    code.announce()
    assert caplog.messages == []

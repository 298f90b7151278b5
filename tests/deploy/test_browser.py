"""The browser of the tests: one that really starts, or one line that says how to get it."""

import pytest

from crm.deploy import browser


def fake(path, script):
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def only(tmp_path, monkeypatch):
    """PATH and the usual places hold nothing but this folder."""
    monkeypatch.delenv("RELEVO_BROWSER", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(browser, "PLACES", ())
    monkeypatch.setattr(browser, "driver_works", lambda: True)
    return tmp_path


def test_first_browser_that_starts_is_found(only):
    fake(
        only / "chromium", "exit 1"
    )  # as the script of a system that wants you to fetch the real one
    assert browser.find() is None
    chrome = fake(only / "google-chrome", "echo 150")
    assert browser.find() == chrome


def test_named_browser_is_taken_or_none(only, monkeypatch):
    fake(only / "chromium", "echo 150")
    monkeypatch.setenv("RELEVO_BROWSER", fake(only / "mine", "echo 151"))
    assert browser.find() == str(only / "mine")
    monkeypatch.setenv("RELEVO_BROWSER", str(only / "nothing"))
    assert browser.find() is None


def test_browser_without_a_driver_is_none(only, monkeypatch):
    fake(only / "chromium", "echo 150")
    monkeypatch.setattr(browser, "driver_works", lambda: False)
    assert browser.find() is None


def test_missing_browser_is_one_line_and_a_failure_of_ci_only(only, monkeypatch, capsys):
    monkeypatch.setattr(browser.os, "geteuid", lambda: 1000)
    monkeypatch.delenv("CI", raising=False)
    assert browser.main() == 0
    assert capsys.readouterr().out == browser.HOW_TO + "\n"
    monkeypatch.setenv("CI", "true")
    assert browser.main() == 1


def test_root_installs_what_is_missing(only, monkeypatch):
    monkeypatch.setattr(browser.os, "geteuid", lambda: 0)
    fake(only / "apt-get", "true")
    monkeypatch.setattr(browser, "install", lambda: fake(only / "chromium", "echo 150"))
    assert browser.ensure() == (str(only / "chromium"), "")


def test_second_package_is_installed_where_the_first_is_unknown(only, monkeypatch):
    asked = []

    def apt_get(*arguments):
        asked.append(arguments)
        return "chromium-headless-shell" not in arguments

    monkeypatch.setattr(browser, "apt_get", apt_get)
    browser.install()
    assert [arguments[3] for arguments in asked[1:]] == ["chromium-headless-shell", "chromium"]

"""Typed reading of the environment. A bad value is refused by the name of its variable."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from email.utils import parseaddr
from typing import Any
from urllib.parse import unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import EmailValidator

TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}
MAIL_SCHEMES = {
    "smtp": 25,
    "smtp+tls": 587,
    "smtp+ssl": 465,
    "consolemail": 0,
}  # and their usual ports


class Env:
    """Reads variables from ``source`` (default: the process environment).

    Every method takes the variable's name and a default, returns a typed value, and raises
    ImproperlyConfigured with the name, the value's fault and what is accepted.
    """

    def __init__(self, source: Mapping[str, str] | None = None) -> None:
        self.source = os.environ if source is None else source

    def text(self, name: str, default: str = "") -> str:
        return self.source.get(name, default).strip()

    def flag(self, name: str, default: bool = False) -> bool:
        raw = self.text(name, "1" if default else "0").lower()
        if raw in TRUE or raw in FALSE:
            return raw in TRUE
        raise refused(name, raw, "1 or 0")

    def number(self, name: str, default: int, *, low: int, high: int) -> int:
        raw = self.text(name, str(default))
        try:
            value = int(raw)
        except ValueError:
            raise refused(name, raw, f"a whole number from {low} to {high}") from None
        if not low <= value <= high:
            raise refused(name, raw, f"a whole number from {low} to {high}")
        return value

    def choice(self, name: str, default: str, choices: Iterable[str]) -> str:
        raw, allowed = self.text(name, default), list(choices)
        if raw not in allowed:
            raise refused(name, raw, " | ".join(allowed))
        return raw

    def names(self, name: str, default: str = "") -> list[str]:
        return [part.strip() for part in self.text(name, default).split(",") if part.strip()]

    def url(self, name: str, default: str, schemes: Iterable[str]) -> str:
        raw, allowed = self.text(name, default), list(schemes)
        if raw.split("://", 1)[0] not in allowed or "://" not in raw:
            raise refused(
                name, "(hidden)" if "@" in raw else raw, " | ".join(f"{s}://…" for s in allowed)
            )
        return raw

    def database(self, name: str, default: str) -> dict[str, Any]:
        """Django's DATABASES entry for a PostgreSQL URL; a unix socket goes to `?host=`."""
        raw = self.url(name, default, ["postgres", "postgresql"])
        config = environ.Env.db_url_config(raw)
        if not config.get("NAME"):
            raise refused(name, "(hidden)", "a URL that ends in the name of a database")
        return {
            **config,
            "HOST": unquote(config["HOST"]),
            "ENGINE": "django.db.backends.postgresql",
        }

    def email(self, name: str, default: str) -> dict[str, Any]:
        """Django's EMAIL_* settings for the URL of a mail server, or of the console; {} where there
        is none.
        """
        if not self.text(name, default):
            return {}
        raw = self.url(name, default, MAIL_SCHEMES)
        try:
            config = environ.Env.email_url_config(raw)
        except ValueError:  # a port that is no number
            raise refused(name, "(hidden)", "a port from 1 to 65535") from None
        if raw.startswith("consolemail"):
            return {"EMAIL_BACKEND": config["EMAIL_BACKEND"]}
        if not config["EMAIL_HOST"] or urlsplit(raw).query or config["EMAIL_FILE_PATH"]:
            raise refused(name, "(hidden)", "smtp://user:password@host:port and nothing behind it")
        kept = {key: value or "" for key, value in config.items() if key != "EMAIL_FILE_PATH"}
        return {**kept, "EMAIL_PORT": config["EMAIL_PORT"] or MAIL_SCHEMES[raw.split(":")[0]]}

    def sender(self, name: str, default: str) -> str:
        """An address that mails come from, with or without a name: ``Relevo
        <relevo@example.com>``.
        """
        raw = self.text(name)
        if raw:
            try:
                EmailValidator(allowlist=["localhost"])(
                    parseaddr(raw)[1] if "\n" not in raw else raw
                )
            except ValidationError:
                raise refused(name, raw, "Name <somebody@example.com>") from None
        return raw or default


def refused(name: str, value: str, accepted: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{name}={value!r} is not accepted: use {accepted}")

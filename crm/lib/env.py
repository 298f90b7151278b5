"""Read typed values from the environment. The error about a bad value names its variable."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from email.utils import parseaddr
from typing import Any
from urllib.parse import unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import EmailValidator

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off", ""}
# Schemes of mail servers and their usual ports.
MAIL_SCHEMES = {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465, "consolemail": 0}


class Env:
    """Variables of ``source``, by default the environment of the process.

    Each method takes the name of a variable and a default and returns a typed value. It raises
    ImproperlyConfigured with the name, the bad value and the accepted ones.
    """

    def __init__(self, source: Mapping[str, str] | None = None) -> None:
        if source is None:
            source = os.environ
        self.source = source

    def text(self, name: str, default: str = "") -> str:
        return self.source.get(name, default).strip()

    def flag(self, name: str, default: bool = False) -> bool:
        raw = self.text(name, str(default)).lower()
        if raw in TRUE:
            return True
        if raw in FALSE:
            return False
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
        raw = self.text(name, default)
        allowed = list(choices)
        if raw not in allowed:
            raise refused(name, raw, " | ".join(allowed))
        return raw

    def names(self, name: str, default: str = "") -> list[str]:
        raw = self.text(name, default)
        parts = [part.strip() for part in raw.split(",")]
        return [part for part in parts if part]

    def url(self, name: str, default: str, schemes: Iterable[str]) -> str:
        raw = self.text(name, default)
        beginnings = [f"{scheme}://" for scheme in schemes]
        if raw.startswith(tuple(beginnings)):
            return raw
        shown = raw
        if "@" in raw:  # it may hold a password
            shown = "(hidden)"
        accepted = [f"{beginning}…" for beginning in beginnings]
        raise refused(name, shown, " | ".join(accepted))

    def database(self, name: str, default: str) -> dict[str, Any]:
        """Return Django's DATABASES entry for a PostgreSQL URL; `?host=` names a unix socket."""
        raw = self.url(name, default, ["postgres", "postgresql"])
        config = environ.Env.db_url_config(raw)
        if not config.get("NAME"):
            raise refused(name, "(hidden)", "a URL that ends in the name of a database")
        return {
            **config,
            # The path of a socket has slashes, which are escaped in a URL.
            "HOST": unquote(config["HOST"]),
            "ENGINE": "django.db.backends.postgresql",
        }

    def email(self, name: str, default: str) -> dict[str, Any]:
        """Return Django's EMAIL_* settings for the URL of a mail server or of the console.

        Return an empty dict where the variable is not set.
        """
        if not self.text(name, default):
            return {}
        raw = self.url(name, default, MAIL_SCHEMES)
        try:
            config = environ.Env.email_url_config(raw)
        except ValueError:  # the port is no number
            raise refused(name, "(hidden)", "a port from 1 to 65535") from None
        if raw.startswith("consolemail"):
            return {"EMAIL_BACKEND": config["EMAIL_BACKEND"]}
        # django-environ makes settings of everything behind the host; a typing error there would
        # switch something on or off unseen.
        has_more = urlsplit(raw).query or config["EMAIL_FILE_PATH"]
        if has_more or not config["EMAIL_HOST"]:
            raise refused(name, "(hidden)", "smtp://user:password@host:port and nothing behind it")
        settings = {}
        for key, value in config.items():
            if key != "EMAIL_FILE_PATH":
                settings[key] = value or ""
        scheme = raw.split(":")[0]
        settings["EMAIL_PORT"] = config["EMAIL_PORT"] or MAIL_SCHEMES[scheme]
        return settings

    def sender(self, name: str, default: str) -> str:
        """Return the sender of mails, an address with or without a name: ``Relevo <a@b.com>``."""
        raw = self.text(name)
        if not raw:
            return default
        address = raw
        if "\n" not in raw:  # a line break could smuggle in another header
            address = parseaddr(raw)[1]
        try:
            EmailValidator(allowlist=["localhost"])(address)
        except ValidationError:
            raise refused(name, raw, "Name <somebody@example.com>") from None
        return raw


def refused(name: str, value: str, accepted: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{name}={value!r} is not accepted: use {accepted}")

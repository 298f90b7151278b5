"""Secrets in the database cannot be read without SECRET_KEY."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from crm.second_factor import encryption
from crm.second_factor.adapter import MFAAdapter


def test_secret_is_read_again() -> None:
    token = encryption.encrypt("JBSWY3DP")
    assert (encryption.decrypt(token), "JBSWY3DP" in token) == ("JBSWY3DP", False)


def test_same_secret_is_never_written_twice_alike() -> None:
    assert encryption.encrypt("JBSWY3DP") != encryption.encrypt("JBSWY3DP")


@pytest.mark.parametrize("token", ["", "JBSWY3DP", "gAAAAAB", "ñ"])
def test_text_that_was_not_encrypted_is_refused(token: str) -> None:
    with pytest.raises(encryption.UnreadableSecret):
        encryption.decrypt(token)


def test_another_secret_key_reads_nothing(settings: Settings) -> None:
    token = encryption.encrypt("JBSWY3DP")
    settings.SECRET_KEY = "another-" + "y" * 50
    with pytest.raises(encryption.UnreadableSecret):
        encryption.decrypt(token)


@pytest.mark.parametrize(
    ("base_url", "host"),
    [
        ("http://localhost:8000", "localhost"),
        ("https://relevo.example.com", "relevo.example.com"),
        ("https://relevo.example.com:8443", "relevo.example.com"),
    ],
)
def test_relying_party_is_the_host_of_base_url(
    settings: Settings, base_url: str, host: str
) -> None:
    settings.BASE_URL = base_url
    assert MFAAdapter().get_public_key_credential_rp_entity() == {"id": host, "name": "Relevo"}

"""Adapt django-allauth's second factors: encrypted secrets, and names from our settings."""

from __future__ import annotations

from urllib.parse import urlsplit

from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings

from crm.second_factor import encryption

NAME = "Relevo"


class MFAAdapter(DefaultMFAAdapter):
    """Nothing here is read from the Host header, which whoever asks can choose."""

    def encrypt(self, text: str) -> str:
        return encryption.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return encryption.decrypt(encrypted_text)

    def get_totp_issuer(self) -> str:
        return NAME

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        host = urlsplit(settings.BASE_URL).hostname or ""
        return {"id": host, "name": NAME}

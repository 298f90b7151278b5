"""Know whether static files have to be collected again."""

from __future__ import annotations

import hashlib

from crm.deploy.places import ROOT


def static_digest(mode: str) -> str:
    """Return a digest that changes when a static file, a package, the settings or ``mode`` does."""
    digest = hashlib.sha256(mode.encode())
    for name in ("requirements.txt", "crm/settings.py"):
        digest.update((ROOT / name).read_bytes())
    for folder in sorted([*ROOT.glob("[!.]*/static"), *ROOT.glob("[!.]*/*/static")]):
        for path in sorted(folder.rglob("*")):
            entry = path.stat()
            digest.update(f"{path}{entry.st_size}{entry.st_mtime_ns}".encode())
    return digest.hexdigest()

"""Fingerprints of what a page showed, so that an act on it is refused once something has changed.

A form carries the fingerprint in a hidden field. The act compares it under the lock of its rows.
A form without one has shown nothing and is refused. Plain data only.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

# The answer to a form without the fingerprint: nothing says that something changed.
NOT_SENT = _("The form did not say what its page showed. Look at it as it is now, and send again.")
LENGTH = 16  # of the digest of a part: enough to notice a change


def digest(content: Any) -> str:
    """Return the SHA-256 of the canonical JSON of ``content``, in hex."""
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def of_parts(parts: Mapping[str, Any]) -> str:
    """Return a fingerprint from which :func:`changed` tells which of the ``parts`` differ."""
    return " ".join(f"{name}={digest(parts[name])[:LENGTH]}" for name in sorted(parts))


def changed(shown: str, parts: Mapping[str, Any]) -> list[str]:
    """Return the names of the parts that are not as in the fingerprint ``shown``.

    Parts that came or went meanwhile are among them.
    """
    before = _by_name(shown)
    now = _by_name(of_parts(parts))
    names = sorted(before.keys() | now.keys())
    return [name for name in names if before.get(name) != now.get(name)]


def _by_name(fingerprint: str) -> dict[str, str]:
    pairs = (word.partition("=") for word in fingerprint.split())
    return {name: value for name, _sign, value in pairs}

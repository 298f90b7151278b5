"""Addresses that a browser sends back to us: where to go on after an act."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

LONGEST = 2000  # characters
# Browsers drop tabs and line breaks and take a backslash for a slash: "/\t/evil.test" and
# "/\evil.test" would be other sites.
NOT_IN_A_PATH = re.compile(r"[\x00-\x20\x7f-\x9f\\\ud800-\udfff]")


def is_ours(address: str) -> bool:
    """Return whether ``address`` is a path of this site, with or without a query."""
    if not address.startswith("/") or address.startswith("//"):
        return False
    if len(address) > LONGEST or NOT_IN_A_PATH.search(address):
        return False
    try:
        urlsplit(address)
    except ValueError:
        return False
    return True

"""Read e-mail addresses out of what people paste: names, links, several addresses. Pure."""

from __future__ import annotations

import re
from urllib.parse import quote

from crm.lib.text import without_invisible

# "Ana Ruiz <ana@andino.test>": the address is between the brackets.
BRACKETS = re.compile(
    r"[<(\[]\s*(?:mailto:)?\s*([^<>()\[\]\s]+@[^<>()\[\]\s]+?)\s*[>)\]]", re.IGNORECASE
)
# The code of a link on a page: <a href="mailto:ana@andino.test">.
LINK = re.compile(r"href=[\"']?mailto:([^\s\"'<>?]+@[^\s\"'<>?]+)", re.IGNORECASE)
# What parts several addresses; ":::" is Google's.
SEVERAL = re.compile(
    r"\s*(?::::|[,;|\n]|\s/\s|/(?=[^@/\s]+@)|\s(?:[yeou]|ou|and|or)\s)\s*", re.IGNORECASE
)
JOINERS = re.compile("[\u200c-\u200f\u061c\ufe00-\ufe0f]")
# "mailto:", "Trabajo: ".
LABEL = re.compile(r"^[^@:]{1,40}:\s*")
# "ana@andino.test (trabajo)", "ana@andino.test - trabajo".
REMARK = re.compile(r"\s+(?:\([^)@]*\)|[-–]\s[^@]*)$")
COMPLETE = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
AROUND = "<>()[]\"'.,;: *•“”‘’«»"


def write_to(address: str) -> str:
    """Return the address that opens a mail to a stored e-mail (RFC 6068).

    "a?bcc=b@andino.test" is an e-mail, too, and names no further receiver.
    """
    return f"mailto:{quote(address, safe='@')}"


def split(text: str) -> tuple[str, str]:
    """Return the first address of ``text`` and the other ones; a text without one as it is.

    Whether the address is valid is judged by the fields that take it.
    """
    if "@" not in text:
        return text, ""
    # No address has them, whatever they join in other texts.
    text = JOINERS.sub("", without_invisible(text))
    addresses = LINK.findall(text) or BRACKETS.findall(text)
    if not addresses:
        addresses = [address for part in SEVERAL.split(text) for address in _bare(part)]
    if not addresses:
        return text, ""
    first = addresses[0]
    others = [address for address in addresses[1:] if address.lower() != first.lower()]
    return first, ", ".join(dict.fromkeys(others))


def _bare(part: str) -> list[str]:
    """Return the addresses of one part, mostly one.

    A space within an address stays, and makes it invalid: it is a typing error. It is a separator
    only between complete addresses.
    """
    address = LABEL.sub("", REMARK.sub("", part).strip(AROUND))
    # A link may bring a subject behind the address.
    address = address.split("?")[0].strip(AROUND)
    words = [word.strip(AROUND) for word in address.split()]
    if all(COMPLETE.fullmatch(word) for word in words):
        return words
    return [address] if "@" in address else []

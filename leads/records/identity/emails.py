"""Read e-mail addresses out of what people paste: names, links, several addresses. Pure."""

from __future__ import annotations

import re

from crm.lib.text import without_invisible

# "Ana Ruiz <ana@andino.test>": the address is between the brackets.
BRACKETS = re.compile(r"<\s*(?:mailto:)?\s*([^<>\s]+@[^<>\s]+?)\s*>", re.IGNORECASE)
# What parts several addresses; ":::" is Google's.
SEVERAL = re.compile(r"\s*(?::::|[,;|\n]|\s/\s)\s*")
JOINERS = re.compile("[\u200c-\u200f\u061c\ufe00-\ufe0f]")
MAILTO = re.compile(r"^mailto:\s*", re.IGNORECASE)
AROUND = "<>()[]\"'.,;: "


def split(text: str) -> tuple[str, str]:
    """Return the first address of ``text`` and the other ones; a text without one as it is.

    Whether the address is valid is judged by the fields that take it.
    """
    if "@" not in text:
        return text, ""
    # No address has them, whatever they join in other texts.
    text = JOINERS.sub("", without_invisible(text))
    found = BRACKETS.findall(text)
    if not found:
        found = [address for part in SEVERAL.split(text) if (address := _bare(part))]
    if not found:
        return text, ""
    first = found[0]
    others = [address for address in found[1:] if address.lower() != first.lower()]
    return first, ", ".join(dict.fromkeys(others))


def _bare(part: str) -> str:
    """Return the address of one part, "" for a part that has none.

    A space within it stays, and makes it invalid: it is a typing error, and no separator.
    """
    # A link may bring a subject behind the address.
    address = MAILTO.sub("", part.strip(AROUND)).split("?")[0].strip(AROUND)
    return address if "@" in address else ""

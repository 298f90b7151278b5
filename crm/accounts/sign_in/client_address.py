"""The address that a request comes from, also behind proxies.

``crm.middleware.ClientAddress`` puts it into ``REMOTE_ADDR``, where allauth, the limits of guesses,
the audit and the logs read it. Nothing else reads a forwarded header.
"""

from __future__ import annotations

import ipaddress

# For a server that listens on a unix socket: its peer has no address.
NO_ADDRESS = "0.0.0.0"
# A household or an office gets a whole network of this size.
IPV6_PREFIX = 64


def client_address(peer: str, forwarded: str, *, proxies: int) -> str:
    """Return the address of the client of a request.

    ``peer`` is the other end of the connection, ``forwarded`` the header ``X-Forwarded-For``.
    Each proxy appends the address that it sees: of ``proxies`` proxies of our own, the n-th entry
    from the right was written by the outermost one, and what stands left of it by anyone. The
    peer counts where the list is shorter or that entry is no address.
    """
    entries = forwarded.split(",")
    if 0 < proxies <= len(entries):
        entry = _plain(entries[-proxies])
        if entry:
            return entry
    return _plain(peer) or NO_ADDRESS


def _plain(text: str) -> str:
    """Return the address in one spelling, or "" when ``text`` is none."""
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        # A socket that takes both kinds shows an IPv4 peer as ::ffff:192.0.2.1; a zone
        # ("fe80::1%eth0") names an interface of this machine.
        return str(address.ipv4_mapped or address).partition("%")[0]
    return str(address)


def network_of(address: str) -> str:
    """Return what the limits count as one address: an IPv4 address, or an IPv6 network."""
    if ":" not in address:
        return address
    network = ipaddress.IPv6Network((address, IPV6_PREFIX), strict=False)
    return str(network)

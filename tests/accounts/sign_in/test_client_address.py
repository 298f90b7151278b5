"""The address of a client, also behind proxies of our own."""

from __future__ import annotations

import pytest

from crm.accounts.sign_in.client_address import client_address, network_of

PEER = "10.0.0.1"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "found"),
    [
        (0, "", PEER),
        (0, "203.0.113.9", PEER),  # anybody may write the header
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "1.2.3.4, 203.0.113.9", "203.0.113.9"),  # the left one is the visitor's own writing
        (2, "1.2.3.4, 203.0.113.9 , 10.0.0.2", "203.0.113.9"),
        (2, "203.0.113.9", PEER),  # shorter than there are proxies
        (1, "", PEER),
        (1, "unknown", PEER),
        (1, "203.0.113.9:4711", PEER),
        (1, "999.0.0.1", PEER),
        (1, "2001:DB8::1", "2001:db8::1"),
        (1, "::ffff:203.0.113.9", "203.0.113.9"),
        (1, "fe80::1%eth0", "fe80::1"),
        (1, "1\x00", PEER),
    ],
)
def test_nth_address_from_the_right_counts(proxies: int, forwarded: str, found: str) -> None:
    assert client_address(PEER, forwarded, proxies=proxies) == found


def test_peer_of_a_unix_socket_has_no_address() -> None:
    assert client_address("", "", proxies=0) == "0.0.0.0"


def test_limits_count_an_ipv6_network_as_one() -> None:
    found = [network_of(each) for each in ("203.0.113.9", "2001:db8:0:1::5", "2001:db8:0:1:ffff::")]
    assert found == ["203.0.113.9", "2001:db8:0:1::/64", "2001:db8:0:1::/64"]

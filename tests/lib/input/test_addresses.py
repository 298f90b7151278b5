"""Where a browser may be sent on to: to pages of this site, named by path."""

from __future__ import annotations

import pytest

from crm.lib.input.addresses import LONGEST, is_ours


@pytest.mark.parametrize(
    "address", ["/", "/queue/", "/leads/?q=a%20b&after=2026-03-02.1#x", "/año/"]
)
def test_paths_are_ours(address: str) -> None:
    assert is_ours(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "abc",
        "queue",
        "//evil.test/",
        "///evil.test/",
        "/\\evil.test/",
        "/\t/evil.test/",
        "/\n/evil.test/",
        "/ /evil.test/",
        "//[",
        "http://[::1",
        "https://localhost/queue/",
        "javascript:alert(1)",
        "/\x00",
        "/\ud800",
        "/" + "x" * LONGEST,
    ],
)
def test_everything_else_is_not(address: str) -> None:
    assert not is_ours(address)

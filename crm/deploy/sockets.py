"""Find a free port and listen at it."""

from __future__ import annotations

import contextlib
import errno
import socket

from crm.deploy.terminal import StepFailed

LOOPBACK = ("127.0.0.1", "localhost")


def is_taken(port: int) -> bool:
    """Return whether a server answers at ``port`` of the IPv6 loopback address.

    Browsers also try that address for `localhost`.
    """
    try:
        probe = socket.socket(socket.AF_INET6)
    except OSError:  # no IPv6 here
        return False
    with contextlib.closing(probe):
        probe.settimeout(1)
        return probe.connect_ex(("::1", port)) == 0


def listen(host: str, port: int, tries: int = 100) -> socket.socket:
    """Return a listening socket at ``port``, or at the next free one.

    It outlives a crash of the web server. Raises StepFailed.
    """
    if host in LOOPBACK:
        host = "127.0.0.1"
    for candidate in range(port, min(port + tries, 65536)):
        listener = _bind(host, candidate)
        if listener is None:
            continue
        is_fixed_local = candidate and host in LOOPBACK
        if not (is_fixed_local and is_taken(candidate)):
            return listener
        listener.close()
    raise StepFailed(f"No free port from {port} on at {host}")


def _bind(host: str, port: int) -> socket.socket | None:
    """Return a socket that listens at ``port``, or None when the port is in use."""
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(2048)
    except OSError as problem:
        listener.close()
        if problem.errno == errno.EADDRINUSE:
            return None
        raise StepFailed(f"Cannot listen at {host}, port {port}: {problem.strerror}") from problem
    return listener

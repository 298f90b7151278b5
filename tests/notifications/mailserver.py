"""A mail server of the tests: one that listens on this machine only, and that can be made
to fail.
"""

from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage


class Server(socketserver.ThreadingTCPServer):
    """``letters``: (envelope recipient, letter) in the order of arrival.

    ``answers`` replaces the 250 to a recipient.

    ``hangs``: takes connections and says nothing. ``cuts``: takes a letter and hangs up instead of
    saying 250.
    """

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Talk)
        self.letters: list[tuple[str, EmailMessage]] = []
        self.answers: dict[str, str] = {}
        self.hangs = self.cuts = False
        self.slow = 0.0
        self.connections = 0
        self.over = threading.Event()

    @property
    def port(self) -> int:
        return self.server_address[1]

    def ids(self) -> list[str]:
        return [letter["Message-ID"] for _to, letter in self.letters]

    def to(self) -> list[str]:
        return sorted(to for to, _letter in self.letters)


class Talk(socketserver.StreamRequestHandler):
    server: Server

    def say(self, words: str) -> None:
        self.wfile.write(words.encode() + b"\r\n")

    def handle(self) -> None:
        self.server.connections += 1
        if self.server.hangs:
            self.server.over.wait(30)
            return
        self.say("220 tests")
        to: list[str] = []
        for line in self.rfile:
            word = line.decode().strip().upper()
            if word == "DATA":
                self.say("354 go on")
                if not self.take(to):
                    return
                to = []
            elif word.startswith("RCPT TO:"):
                address = line.decode().split("<")[1].split(">")[0]
                to.append(address)
                self.say(self.server.answers.get(address, "250 OK"))
            elif word == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 OK")

    def take(self, to: list[str]) -> bool:
        text = b""
        for line in self.rfile:
            if line == b".\r\n":
                break
            text += line.removeprefix(b".") if line.startswith(b"..") else line
        time.sleep(self.server.slow)
        letter = message_from_bytes(text, _class=EmailMessage, policy=policy.default)  # type: ignore[arg-type]
        self.server.letters += [(address, letter) for address in to]
        if not self.server.cuts:
            self.say("250 OK")
        return not self.server.cuts


@contextmanager
def serving() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        thread.start()
        yield server
        server.over.set()
        server.shutdown()
        thread.join(5)

"""The lines of README that call `docker compose`, and a `docker` that runs them on this machine.

As a program it stands for `docker`: the variable SERVICES names a JSON file with the environment
of each service, and what is done is noted in a file beside it.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
# Options that stand before the service, and whether a value follows.
FLAGS = {"-T": 0, "-d": 0, "--rm": 0, "--build": 0, "--wait": 0, "--scale": 1}
RESTORING = "# On a new machine"


class Line(NamedTuple):
    """`docker compose VERB FLAGS SERVICE COMMAND`; ``service`` is empty for all of them."""

    verb: str
    flags: list[str]
    service: str
    command: list[str]


def parse(words: list[str]) -> Line:
    """The words behind `docker`. Raises ValueError for a flag that is not among FLAGS."""
    compose, verb, *rest = words
    if compose != "compose":
        raise ValueError(f"not `docker compose`: {words}")
    flags = []
    while rest and rest[0].startswith("-"):
        values = FLAGS.get(rest[0])
        if values is None:
            raise ValueError(f"unknown flag {rest[0]}")
        flags += rest[: 1 + values]
        rest = rest[1 + values :]
    return Line(verb, flags, rest[0] if rest else "", rest[1:])


def in_readme() -> list[Line]:
    """Every call of `docker compose` in README, also those within sentences."""
    text = (ROOT / "README.md").read_text(encoding="utf-8").replace("\\\n", " ")
    calls = re.findall(r"docker (compose [a-z][^`\n]*)", text)
    return [parse(list(_words(call))) for call in calls]


def _words(call: str) -> Iterator[str]:
    """The words of one command: up to a pipe, a comment or another command."""
    lexer = shlex.shlex(call, posix=True, punctuation_chars="|&;>")
    lexer.whitespace_split = True
    for word in lexer:
        if word[0] in "|&;>":
            return
        yield word


def backup_block() -> tuple[str, str]:
    """The lines that take a backup with compose, and those that restore one."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```\n(set -o pipefail;.*?)```", text, re.DOTALL)
    taking, _, restoring = block.partition(RESTORING)
    return taking, "set -o pipefail\n#" + restoring


def main() -> None:
    """Run a command with the environment of its service, in the place of this process."""
    found = parse(sys.argv[1:])
    path = Path(os.environ["SERVICES"])
    with path.with_suffix(".done").open("a") as done:
        print(shlex.join(sys.argv[2:]), file=done)
    if found.verb not in ("exec", "run"):
        return
    service = json.loads(path.read_text())[found.service]
    command = found.command or service["command"]
    os.chdir(ROOT)
    os.execvpe(command[0], command, service["environment"])


if __name__ == "__main__":
    main()

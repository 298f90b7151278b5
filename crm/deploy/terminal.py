"""What a person at the terminal sees: lines of progress, and why a start failed."""

from __future__ import annotations

import contextlib


class StepFailed(RuntimeError):
    """A step of the start failed; the text is for the person at the terminal."""


def say(text: str) -> None:
    """Print ``text`` at once."""
    with contextlib.suppress(OSError):  # the terminal may be closed
        print(text, flush=True)

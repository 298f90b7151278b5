"""What goes over the line stays small: the page of the queue, all styles, all scripts of
our own.
"""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from django.test import Client

from leads.views.queue import PAGE
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast
from tests.sources import ROOT

STATIC = ROOT / "crm" / "static"
HEAD = ROOT / "templates" / "components" / "_head.html"
KB = 1024
STYLES, SCRIPTS, QUEUE = 12 * KB, 20 * KB, 60 * KB  # compressed
PICTURES = 300_000  # bytes of the three pictures of README together
ROW = 2500  # bytes of one line of the queue as it is: fifty of them are parsed by a phone


def compressed(paths: list[Path]) -> int:
    """Bytes on the wire: whitenoise compresses each file by itself."""
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in paths)


def test_styles_are_small() -> None:
    """What a page loads: the styles of the frame, and at most one sheet of its own."""
    everywhere = [
        STATIC / "crm" / name
        for name in re.findall(r"crm/(\w+\.css)", HEAD.read_text(encoding="utf-8"))
    ]
    own = sorted(set(STATIC.rglob("*.css")) - set(everywhere))
    assert everywhere and own
    assert max(compressed([*everywhere, sheet]) for sheet in own) <= STYLES


def test_scripts_of_our_own_are_small() -> None:
    found = sorted(STATIC.rglob("*.js"))
    assert found
    assert compressed(found) <= SCRIPTS


@pytest.mark.django_db
def test_page_of_the_queue_is_small(cast: Cast, moment: Moment) -> None:
    for number in range(PAGE):
        make = factories.proven if number % 2 else factories.handed_off
        make(cast)
    client = Client()
    client.force_login(cast.bea, backend="crm.accounts.backend.Backend")
    page = client.get("/queue/").content
    assert page.count(b"<tr data-row") == PAGE == 50
    assert len(gzip.compress(page, 6)) <= QUEUE
    assert (page.rindex(b"</tr>") - page.index(b"<tr data-row")) / PAGE <= ROW


def test_readme_opens_with_three_small_pictures_and_five_lines() -> None:
    """What it is, for whom, and how it looks; how to run it comes after that."""
    opening, _, rest = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## ")
    pictures = [ROOT / path for path in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", opening)]
    assert [picture.stem for picture in pictures] == ["queue", "qualify", "alignment"]
    assert sum(picture.stat().st_size for picture in pictures) <= PICTURES
    assert len(re.findall(r"^- ", opening, re.MULTILINE)) == 5
    assert "make run" not in opening
    assert "make run" in rest

"""What goes over the line stays small: all styles, all scripts of our own, the pictures."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

from tests.sources import ROOT

STATIC = ROOT / "crm" / "static"
HEAD = ROOT / "templates" / "components" / "_head.html"
KB = 1024
STYLES, SCRIPTS = 12 * KB, 20 * KB  # compressed
PICTURES = 300_000  # bytes of the three pictures of README together


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


def test_readme_opens_with_three_small_pictures_and_five_lines() -> None:
    """What it is, for whom, and how it looks; how to run it comes after that."""
    opening, _, rest = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## ")
    pictures = [ROOT / path for path in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", opening)]
    assert [picture.stem for picture in pictures] == ["queue", "qualify", "alignment"]
    assert sum(picture.stat().st_size for picture in pictures) <= PICTURES
    assert len(re.findall(r"^- ", opening, re.MULTILINE)) == 5
    assert "make run" not in opening
    assert "make run" in rest

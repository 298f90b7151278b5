"""A QR code as the path of an SVG drawing; the template holds the drawing itself."""

from __future__ import annotations

from dataclasses import dataclass

from qrcode.main import QRCode

BORDER = 4  # cells that the standard (ISO/IEC 18004) asks to leave free around the code


@dataclass(frozen=True)
class Drawing:
    """``size``: cells of one side, the border included. ``path``: a square for each dark cell."""

    size: int
    path: str


def draw(text: str) -> Drawing:
    """Return the QR code of ``text``."""
    code = QRCode(border=BORDER)
    code.add_data(text)
    rows = code.get_matrix()
    squares = []
    for y, row in enumerate(rows):
        squares += [f"M{x} {y}h1v1h-1z" for x, is_dark in enumerate(row) if is_dark]
    return Drawing(len(rows), "".join(squares))

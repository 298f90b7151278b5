"""Fixtures that import a text as if it were the file of another system."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils.translation import override

from leads.imports.history import command_line
from leads.imports.history.command_line import Report
from tests.leads.imports.small_files import AT, LEADS, ONE_WIN, OUTCOMES, TWO_LEADS


@pytest.fixture
def in_english():
    with override("en"):
        yield


@pytest.fixture
def importing(tmp_path: Path) -> Callable[..., Report]:
    """Imports a text by a mapping; ``rejects.csv`` of the test's folder takes what is rejected."""

    def run(
        function: Callable[..., Report], text: str | bytes, mapping: dict[str, Any], **options: Any
    ) -> Report:
        (tmp_path / "file.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
        (tmp_path / "mapping.json").write_text(json.dumps(mapping))
        options = {"by": None, "at": AT, "rejects": tmp_path / "rejects.csv"} | options
        return function(tmp_path / "file.csv", tmp_path / "mapping.json", **options)

    return run


@pytest.fixture
def import_leads(importing: Callable[..., Report]) -> Callable[..., Report]:
    def run(
        text: str | bytes = TWO_LEADS, mapping: dict[str, Any] = LEADS, **options: Any
    ) -> Report:
        return importing(command_line.import_leads, text, mapping, **options)

    return run


@pytest.fixture
def import_outcomes(importing: Callable[..., Report]) -> Callable[..., Report]:
    def run(
        text: str | bytes = ONE_WIN, mapping: dict[str, Any] = OUTCOMES, **options: Any
    ) -> Report:
        return importing(command_line.import_outcomes, text, mapping, **options)

    return run


@pytest.fixture
def rejects(tmp_path: Path) -> Callable[[], list[list[str]]]:
    def rows() -> list[list[str]]:
        with (tmp_path / "rejects.csv").open(encoding="utf-8-sig", newline="") as file:
            return list(csv.reader(file))

    return rows

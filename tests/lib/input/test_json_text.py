"""JSON that is sent to us: bounded in size, depth and digits."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms

from crm.lib.forms import JsonField
from crm.lib.input import json_text


class Page(forms.Form):
    was = JsonField()


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("null", None),
        ('{"a": [1, 2.5, "ñ"]}', {"a": [1, 2.5, "ñ"]}),
        ("9" * 40, int("9" * 40)),
        (nested(2), [[]]),
    ],
)
def test_values_are_read(text: str, value: Any) -> None:
    assert json_text.read(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc",
        "{",
        "9" * 41,
        "9" * 5000,
        "-" + "9" * 5000,
        "1e999999",
        "NaN",
        "[Infinity]",
        '"\\ud800"',
        '{"a": "\\u0000"}',
        '{"\\u0000": 1}',
        nested(json_text.DEEPEST + 2),
        nested(100_000),
        '"' + "x" * json_text.LONGEST + '"',
    ],
)
def test_the_rest_is_refused(text: str) -> None:
    with pytest.raises(json_text.Unreadable):
        json_text.read(text)


@pytest.mark.parametrize("levels", [json_text.DEEPEST, json_text.DEEPEST + 2])
def test_depth_is_bounded(levels: int) -> None:
    is_refused = False
    try:
        json_text.parse(nested(levels))
    except json_text.TooDeep:
        is_refused = True
    assert is_refused == (levels > json_text.DEEPEST)


@pytest.mark.parametrize("text", ["9" * 5000, nested(100_000), "<script>"])
def test_hidden_field_is_drawn_as_it_was_sent(text: str) -> None:
    form = Page({"was": text})
    assert list(form.errors) == ["was"]
    assert form["was"].value() == text
    assert 'type="hidden"' in str(form["was"])

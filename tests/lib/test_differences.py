"""Differences: nothing lost, nothing invented, and in pieces that a person can read."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from crm.lib.differences import (
    CHANGED,
    GONE,
    MOVED,
    NEW,
    SAME,
    Entry,
    Part,
    has_changed,
    lists,
    words,
)

TEXT = st.lists(
    st.sampled_from(["pays", "with", "a", "card", ",", " ", "  ", "\n", "1,000", "¿qué?", "no"]),
    max_size=12,
)


def old_of(parts) -> str:
    return "".join(part.text for part in parts if part.op != NEW)


def new_of(parts) -> str:
    return "".join(part.text for part in parts if part.op != GONE)


def test_words_of_equal_texts_are_one_part() -> None:
    assert words("She decides alone.", "She decides alone.") == [Part(SAME, "She decides alone.")]
    assert words("", "") == []


def test_words_changed_inside_a_sentence_are_told_in_place() -> None:
    assert words(
        "A store with 20 to 50 people in Chile.", "A store with 20 to 80 people in Chile."
    ) == [
        Part(SAME, "A store with 20 to "),
        Part(GONE, "50"),
        Part(NEW, "80"),
        Part(SAME, " people in Chile."),
    ]


def test_neighbouring_words_changed_are_one_stretch() -> None:
    assert words(
        "Wants to sell more online this year.", "Wants to grow faster online this year."
    ) == [
        Part(SAME, "Wants to "),
        Part(GONE, "sell more"),
        Part(NEW, "grow faster"),
        Part(SAME, " online this year."),
    ]


def test_words_with_nothing_in_common_are_not_mixed() -> None:
    assert words("Fears a long project.", "Pays by bank transfer.") == [
        Part(GONE, "Fears a long project."),
        Part(NEW, "Pays by bank transfer."),
    ]


def test_words_added_to_nothing_are_new() -> None:
    assert words("", "A quote.") == [Part(NEW, "A quote.")]
    assert words("A quote.", "") == [Part(GONE, "A quote.")]


@given(TEXT, TEXT)
def test_words_give_both_texts_back(old: list[str], new: list[str]) -> None:
    parts = words("".join(old), "".join(new))
    assert (old_of(parts), new_of(parts)) == ("".join(old), "".join(new))
    assert all(part.text for part in parts)
    assert all(one.op != two.op for one, two in pairwise(parts))


def test_lists_tell_added_changed_and_removed() -> None:
    found = lists(
        ["Loses orders at night", "Has no data", "Pays late"],
        ["Loses orders at night and on Sundays", "Pays late", "Wants invoices"],
    )
    assert [(line.op, line.text) for line in found] == [
        (CHANGED, "Loses orders at night and on Sundays"),
        (GONE, "Has no data"),
        (SAME, "Pays late"),
        (NEW, "Wants invoices"),
    ]


def test_lists_with_another_order_tell_what_moved() -> None:
    assert [
        (line.op, line.text) for line in lists(["one", "two", "three"], ["three", "one", "two"])
    ] == [
        (MOVED, "three"),
        (SAME, "one"),
        (SAME, "two"),
    ]


def test_lists_that_are_equal_have_not_changed() -> None:
    assert lists(["one"], ["one"]) == [Entry(SAME, (Part(SAME, "one"),))]
    assert (has_changed(lists(["one"], ["one"])), has_changed(lists(["one"], []))) == (False, True)


@given(st.lists(TEXT.map("".join), max_size=5), st.lists(TEXT.map("".join), max_size=5))
def test_lists_account_for_every_entry(old: list[str], new: list[str]) -> None:
    found = lists(old, new)
    assert [line.text for line in found if line.op != GONE] == new
    before = [old_of(line.parts) for line in found if line.op in (SAME, GONE, CHANGED, MOVED)]
    assert sorted(before) == sorted(old)

"""The written rule for text, and the keys that texts are compared by."""

import pytest

from crm.lib.text import clean_line, clean_text, company_key, digits, fold, has_bad_text


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  Ana  ", "Ana"),
        ("Ana\x00Robles", "AnaRobles"),
        ("a\x1bb\x7fc\x85d", "abcd"),
        ("first\r\nsecond\rthird", "first\nsecond\nthird"),
        ("tab\there", "tab\there"),
        ("invoice\u202egpj.exe", "invoicegpj.exe"),
        ("a\u2066b\u2069c", "abc"),
        ("lone\ud800surrogate", "lonesurrogate"),
        ("Jose\u0301", "José"),
        ("👩🏽‍💻 Peña–Núñez «ñ»", "👩🏽‍💻 Peña–Núñez «ñ»"),
        ("Ana\u200b Ro\u00adbles\ufeff", "Ana Robles"),
        ("\ufeffana@a.test\u200b", "ana@a.test"),
        ("an\u2060a\u200d@a.test\u200c", "ana@a.test"),
        ("\u200eAna\u200f", "Ana"),
        ("\u200d\u200cAna", "Ana"),
        ("🏳️\u200d🌈 Ana", "🏳️\u200d🌈 Ana"),
        ("\u0646\u0645\u06cc\u200c\u062e", "\u0646\u0645\u06cc\u200c\u062e"),
        ("\u200f\u0634\u0631\u0643\u0629", "\u200f\u0634\u0631\u0643\u0629"),
        ("", ""),
    ],
)
def test_clean_text_keeps_the_written_rule(given: str, kept: str) -> None:
    assert clean_text(given) == kept


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("two\nlines", "two lines"),
        ("two\r\n\r\nlines", "two lines"),
        ("many \t\u00a0 spaces", "many spaces"),
        ("thin\u2009and\u202fnarrow\u3000wide", "thin and narrow wide"),
        ("\u00a0\u200bAna\u200b\u00a0", "Ana"),
        (" \n ", ""),
    ],
)
def test_clean_line_is_one_line(given: str, kept: str) -> None:
    assert clean_line(given) == kept


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ("MARIANA  Peña", "mariana pena"),
        ("José-Luis O'Neil", "jose luis o neil"),
        ("Straße 7", "strasse 7"),
        ("  ", ""),
    ],
)
def test_fold_ignores_case_accents_and_signs(given: str, key: str) -> None:
    assert fold(given) == key


@pytest.mark.parametrize(
    "name",
    [
        "Grupo Andino",
        "GRUPO ANDINO S.A.",
        "Grupo Andino, S. A. de C. V.",
        "Grupo Andino SA de CV",
        "Grupo Andino S.A.P.I. de C.V.",
        "Grupo Andino S.A.S.",
        "Grupo Andino S. de R.L. de C.V.",
        "Grupo Andino SpA",
        "Grupo Andino Ltda.",
        "Grupo Andino Limitada",
        "Grupo Andino E.I.R.L.",
        "Grupo Andino EIRL",
        "Grupo Andino S.A.C.",
        "Grupo Andino, Inc.",
        "Grupo Andino LLC",
    ],
)
def test_company_key_drops_the_legal_form(name: str) -> None:
    assert company_key(name) == "grupo andino"


@pytest.mark.parametrize(
    ("name", "key"), [("Mesa", "mesa"), ("S.A.", "s a"), ("Casa Sal", "casa sal"), ("Inca", "inca")]
)
def test_company_key_keeps_what_only_looks_like_a_legal_form(name: str, key: str) -> None:
    assert company_key(name) == key


def test_digits_of_a_phone() -> None:
    assert digits("+52 (55) 4000-1000 ext. 7") == "5255400010007"


@pytest.mark.parametrize(
    "value",
    [
        "a\x00",
        "a\ud800",
        float("nan"),
        float("inf"),
        float("-inf"),
        {"k": ["x", {"d": "\x00"}]},
        {"k\x00": 1},
        ["\u202e"],
    ],
)
def test_bad_text_is_found_at_any_depth(value: object) -> None:
    assert has_bad_text(value) is True


@pytest.mark.parametrize("value", ["José\r\n\t", 1, 1.5, None, True, {"k": ["x", {"d": 2}]}, []])
def test_good_values_are_not_refused(value: object) -> None:
    assert has_bad_text(value) is False

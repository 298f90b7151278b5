"""Phones as people write them, in tables; no database."""

from __future__ import annotations

import pytest

from leads.records.identity import phones
from leads.records.identity.phones import NoPhone, Reason

ONE = "+525512345678"
MOBILE = "+5491140001000"


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        # One lead in many spellings.
        ("+52 55 1234 5678", "", ONE),
        ("55 1234 5678", "MX", ONE),
        ("(55) 1234-5678", "MX", ONE),
        ("52 55 1234 5678", "MX", ONE),
        ("0052 55 1234 5678", "CO", ONE),
        ("+52 (55) 1234-5678", "CO", ONE),
        ("p:+525512345678", "", ONE),
        ("tel:+52-55-1234-5678", "", ONE),
        ("Cel. 55 1234 5678 (Ana)", "MX", ONE),
        ("+0052 55 1234 5678", "CO", ONE),
        ("+00 52 1 55 1234 5678", "CO", ONE),
        ("https://wa.me/5215512345678", "CO", ONE),
        ("https://wa.me/525512345678?text=Hola%201", "", ONE),
        ("https://api.whatsapp.com/send/?phone=%2B5215512345678&app_absent=0", "CO", ONE),
        ("5,512,345,678", "MX", ONE),
        ("５２５５１２３４５６７８", "MX", ONE),
        ("٥٥١٢٣٤٥٦٧٨", "MX", ONE),
        ("\N{FULLWIDTH PLUS SIGN}525512345678", "CO", ONE),
        # Among words.
        ("55 1234 5678 de 9 a 18 h", "MX", ONE),
        ("24h: 55 1234 5678", "MX", ONE),
        ("(0xx11) 91234-5678", "BR", "+5511912345678"),
        ("0 xx 11 91234-5678", "BR", "+5511912345678"),
        # Prefixes that Mexico abolished.
        ("+52 1 55 1234 5678", "", ONE),
        ("52 1 55 1234 5678", "MX", ONE),
        ("044 55 1234 5678", "MX", ONE),
        ("045 55 1234 5678", "MX", ONE),
        ("01 55 1234 5678", "MX", ONE),
        ("1 55 1234 5678", "MX", ONE),
        ("+52 (044) 55 1234 5678", "", ONE),
        # Mobiles of Argentina.
        ("011 15 4000-1000", "AR", MOBILE),
        ("11 15 4000 1000", "AR", MOBILE),
        ("+54 9 11 4000 1000", "", MOBILE),
        ("+54 11 15 4000 1000", "", MOBILE),
        ("9 11 4000 1000", "AR", MOBILE),
        ("+54 11 4000 1000", "", "+541140001000"),
        # Other countries.
        ("300 123 4567", "CO", "+573001234567"),
        ("01 4000123", "PE", "+5114000123"),
        ("(11) 98765-4321", "BR", "+5511987654321"),
        ("2222 3333", "CR", "+50622223333"),
        # What spreadsheets write, with all digits.
        ("525512345678.0", "MX", ONE),
        ("5.25512345678E+11", "MX", ONE),
    ],
)
def test_number_is_read_with_the_given_country(text: str, country: str, number: str) -> None:
    found = phones.read(text, countries=[country])
    assert (found.number, found.assumed, found.typed) == (number, "", text)


@pytest.mark.parametrize(
    "text",
    [
        "+52 55 1234 5678 ext. 204",
        "+52 55 1234 5678 Ext 204",
        "55 1234 5678 x204",
        "55 1234 5678 #204",
        "55 1234 5678 extensión 204",
        "55 1234 5678 anexo: 204",
        "55 1234 5678 ramal 204",
        "55 1234 5678 int. 204",
        "55 1234 5678,204",
        "55 1234 5678 (ext. 204)",
        "55 1234 5678 (204)",
        "55 1234 5678 Ext.: 204",
        "55 1234 5678 ext. no. 204",
        "55 1234 5678 ext. núm. 204",
        "55 1234 5678 ext-204",
        "55 1234 5678 / ext 204",
        "55 1234 5678 - ext. 204",
        "55 1234 5678 p 204",
        "tel:+52-55-1234-5678;ext=204",
        "55 1234 5678 exts. 204 y 205",
        "55 1234 5678 ext. 204, 205",
    ],
)
def test_extension_is_kept(text: str) -> None:
    found = phones.read(text, countries=["MX"])
    assert (found.number, found.extension) == (ONE, "204")
    assert phones.read(phones.full(ONE, "204")).extension == "204"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("000000000", Reason.PLACEHOLDER),
        ("1111111", Reason.PLACEHOLDER),
        ("1234567890", Reason.PLACEHOLDER),
        ("+52 0000000000", Reason.PLACEHOLDER),
        ("no tiene", Reason.PLACEHOLDER),
        ("N/A", Reason.PLACEHOLDER),
        ("-", Reason.PLACEHOLDER),
        ("Upgrade to reveal", Reason.PLACEHOLDER),
        ("pendiente", Reason.PLACEHOLDER),
        ("55 **** 5678", Reason.MASKED),
        ("+52 55 XXXX 5678", Reason.MASKED),
        ("55••••5678", Reason.MASKED),
        ("5.25512E+11", Reason.LOST_DIGITS),
        ("5,25512E+11", Reason.LOST_DIGITS),
        ("5.25512e11", Reason.LOST_DIGITS),
        ("5.25512 E+11", Reason.LOST_DIGITS),
        ("9999999999", Reason.PLACEHOLDER),
        ("+52 999 999 9999", Reason.PLACEHOLDER),
        ("+000000000", Reason.PLACEHOLDER),
        ("55 1234", Reason.WRONG_LENGTH),
        ("4000 1000", Reason.WRONG_LENGTH),
        ("55 1234 5678 9999", Reason.WRONG_LENGTH),
        ("+52 55 1234", Reason.WRONG_LENGTH),
        ("+999 55 1234 5679", Reason.WRONG_LENGTH),
    ],
)
@pytest.mark.parametrize("countries", [["MX"], []])
def test_what_is_no_phone(text: str, reason: Reason, countries: list[str]) -> None:
    with pytest.raises(NoPhone) as caught:
        phones.read(text, countries=countries, assumed="MX")
    assert caught.value.reason == reason


def test_country_is_the_leads_else_the_companys_else_assumed() -> None:
    text = "2222 3333"
    assert phones.read(text, countries=["CR", "GT"], assumed="MX").number == "+50622223333"
    assert phones.read(text, countries=["", "GT"], assumed="MX").number == "+50222223333"
    found = phones.read("55 1234 5678", assumed="MX")
    assert (found.number, found.assumed) == (ONE, "MX")


def test_assumed_country_is_used_only_where_the_number_is_valid() -> None:
    """02 begins no number of Mexico, so the number may be of any country."""
    found = phones.read("02 1234 5678", assumed="MX")
    assert (found.number, found.assumed, found.is_read) == ("02 1234 5678", "", False)


@pytest.mark.parametrize("text", ["22223333", "55 1234 5678"])
def test_number_without_any_country_stays_as_typed(text: str) -> None:
    assert phones.read(text).number == text


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("55 1234 5678 / 55 2222 3333", "55 2222 3333"),
        ("5512345678 ::: 5522223333", "5522223333"),
        ("55 1234 5678, 55 2222 3333", "55 2222 3333"),
        ("55 1234 5678; casa", "casa"),
        ("no tiene / 55 1234 5678", "no tiene"),
    ],
)
def test_first_of_several_numbers_is_taken(text: str, rest: str) -> None:
    found = phones.read(text, countries=["MX"])
    assert (found.number, found.rest) == (ONE, rest)


def test_mobile_of_argentina_is_the_same_with_and_without_the_nine() -> None:
    without = "+541140001000"
    assert set(phones.forms(MOBILE)) == set(phones.forms(without)) == {MOBILE, without}
    assert phones.key(MOBILE) == phones.key(without)
    assert phones.forms(ONE) == [ONE]


@pytest.mark.parametrize(
    ("stored", "is_phone"),
    [(ONE, True), ("5512345678", True), ("000000000", False), ("-", False), ("", False)],
)
def test_stored_placeholder_is_no_phone(stored: str, is_phone: bool) -> None:
    assert phones.is_phone(stored) is is_phone


@pytest.mark.parametrize(
    "text",
    [
        "5512345678 5587654321",
        "5512345678/5587654321",
        "5512345678 / 5587654321",
        "5512345678, 5587654321",
        "5512345678-5587654321",
        "55 1234 5678 - 55 8765 4321",
        "5512345678\n5587654321",
        "5512345678 y 5587654321",
        "5512345678 ou 5587654321",
    ],
)
def test_of_several_phones_the_first_is_taken(text: str) -> None:
    found = phones.read(text, countries=["MX"])
    assert (found.number, phones.digits(found.rest)) == (ONE, "5587654321")


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("912345678", "BR"),  # a mobile without its area
        ("09 1234 5678", "CL"),
        ("15 5555 1234", "AR"),
        ("4555-1234/35", "AR"),  # two lines, without the area
    ],
)
def test_number_without_its_area_is_no_phone(text: str, country: str) -> None:
    with pytest.raises(NoPhone) as caught:
        phones.read(text, countries=[country])
    assert caught.value.reason == Reason.WRONG_LENGTH


def test_eight_equal_digits_may_be_a_phone() -> None:
    assert phones.read("2222 2222", countries=["CR"]).number == "+50622222222"

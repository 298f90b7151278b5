"""E-mail addresses in what people paste; no database."""

import pytest

from leads.records.identity import emails


@pytest.mark.parametrize(
    ("text", "first", "rest"),
    [
        ("ana@a.test", "ana@a.test", ""),
        ("Ana Ruiz <ana@a.test>", "ana@a.test", ""),
        ('"Ruiz, Ana" <ana@a.test>, Leo <leo@a.test>', "ana@a.test", "leo@a.test"),
        ("mailto:ana@a.test", "ana@a.test", ""),
        ("MAILTO: ana@a.test?subject=Hola", "ana@a.test", ""),
        ("Ana <mailto:ana@a.test>", "ana@a.test", ""),
        ("ana@a.test, leo@a.test", "ana@a.test", "leo@a.test"),
        ("ana@a.test ::: leo@a.test ::: eva@a.test", "ana@a.test", "leo@a.test, eva@a.test"),
        ("ana@a.test; ANA@a.test", "ana@a.test", ""),
        ("'ana@a.test'.", "ana@a.test", ""),
        ("Ana Ruiz (ana@a.test)", "ana@a.test", ""),
        ("[ana@a.test](mailto:ana@a.test)", "ana@a.test", ""),
        ('<a href="mailto:ana@a.test">ana@a.test</a>', "ana@a.test", ""),
        ("“ana@a.test”", "ana@a.test", ""),
        ("«ana@a.test»", "ana@a.test", ""),
        ("* ana@a.test", "ana@a.test", ""),
        ("Trabajo: ana@a.test", "ana@a.test", ""),
        ("SMTP:ana@a.test", "ana@a.test", ""),
        ("ana@a.test (trabajo)", "ana@a.test", ""),
        ("ana@a.test - trabajo", "ana@a.test", ""),
        ("ana@a.test leo@a.test", "ana@a.test", "leo@a.test"),
        ("ana@a.test y leo@a.test", "ana@a.test", "leo@a.test"),
        ("ana@a.test and leo@a.test", "ana@a.test", "leo@a.test"),
        ("ana@a.test/leo@a.test", "ana@a.test", "leo@a.test"),
        ("ana@a.test / leo@a.test", "ana@a.test", "leo@a.test"),
        ("Trabajo: ana@a.test; casa: leo@a.test", "ana@a.test", "leo@a.test"),
        ("ana @a.test", "ana @a.test", ""),
        # Not guessed at: the field that takes it says that it is no address.
        ("ana ruiz@a.test", "ana ruiz@a.test", ""),
        ("no tiene", "no tiene", ""),
        ("\u200bana@a\u200d.test\ufeff", "ana@a.test", ""),
    ],
)
def test_first_address_is_taken_and_the_rest_noted(text: str, first: str, rest: str) -> None:
    assert emails.split(text) == (first, rest)


@pytest.mark.parametrize(
    ("address", "link"),
    [
        ("ana@andino.test", "mailto:ana@andino.test"),
        ("ana+crm@andino.test", "mailto:ana%2Bcrm@andino.test"),
        ("a?bcc=b@andino.test", "mailto:a%3Fbcc%3Db@andino.test"),
        ("a&cc=b%0d@andino.test", "mailto:a%26cc%3Db%250d@andino.test"),
    ],
)
def test_link_to_an_address_names_no_further_receiver(address: str, link: str) -> None:
    assert emails.write_to(address) == link

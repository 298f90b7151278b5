"""The in-app help: the same in both languages, in the words of the glossary, one click from every
page.
"""

from __future__ import annotations

import re

import pytest

from crm.views import HELP, HELP_OF
from tests.lib.wording.test_translations import FORBIDDEN, OTHER_QUOTES, PLACEHOLDER, says
from tests.sources import ROOT

DOCS = ROOT / "crm" / "docs"
PAGES = sorted(DOCS.glob("e[ns]/*.html"))


@pytest.fixture
def cast(new_organisation):
    return new_organisation


def test_every_topic_is_written_in_both_languages():
    written = {(path.parent.name, path.stem) for path in PAGES}
    assert written == {(language, topic) for language in ("es", "en") for topic in HELP}


@pytest.mark.parametrize("topic", HELP)
def test_both_languages_tell_the_same_parts(topic):
    shapes = [
        re.findall(r"<(h2|p|dt|dd|kbd)\b", (DOCS / language / f"{topic}.html").read_text())
        for language in ["en", "es"]
    ]
    assert sorted(shapes[0]) == sorted(shapes[1])


@pytest.mark.parametrize("path", PAGES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_help_is_plain_text_with_few_tags(path):
    tags = set(re.findall(r"<(\w+)", path.read_text()))
    assert tags <= {"p", "h2", "em", "kbd", "code", "dl", "div", "dt", "dd"}
    assert "{" not in path.read_text()


@pytest.mark.parametrize("words", FORBIDDEN)
def test_spanish_help_has_no_second_word_for_a_thing(words):
    assert [
        path.stem for path in PAGES if path.parent.name == "es" and says(words, path.read_text())
    ] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_help_has_one_kind_of_quotation_marks(path):
    text = PLACEHOLDER.sub("", path.read_text())
    assert OTHER_QUOTES.findall(text) == []


@pytest.mark.django_db
@pytest.mark.parametrize("topic", HELP)
@pytest.mark.parametrize("language", ["es", "en"])
def test_topic_is_shown_in_ones_language(cast, signed_in, topic, language):
    cast.bea.language = language
    cast.bea.save()
    text = signed_in(cast.bea).get(f"/help/{topic}/").content.decode()
    first = (DOCS / language / f"{topic}.html").read_text().splitlines()[0]
    assert first in text


@pytest.mark.django_db
def test_own_part_stands_first(cast, signed_in):
    for name in ("ana", "bea", "dora", "elsa", "root"):
        user = getattr(cast, name)
        assert signed_in(user).get("/help/").context["topics"][0][0] == HELP_OF[user.role]


@pytest.mark.django_db
def test_unknown_topic_is_not_found(cast, signed_in):
    assert [
        signed_in(cast.bea).get(path).status_code for path in ("/help/x/", "/help/glossary.html/")
    ] == [404, 404]


@pytest.mark.django_db
def test_help_is_on_every_page_in_the_same_place(cast, signed_in):
    for path in (
        "/queue/",
        "/leads/",
        "/alignment/",
        "/notices/",
        "/preferences/",
        "/search/",
        "/leads/99/",
    ):
        text = signed_in(cast.bea).get(path).content.decode()
        rail, more = (
            text.split('class="side"')[1].split("</header>")[0],
            text.split('id="more"')[1].split("</nav>")[0],
        )
        assert ('href="/help/"' in rail, 'href="/help/"' in more) == (True, True)

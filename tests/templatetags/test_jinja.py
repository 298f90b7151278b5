"""The second template engine: strict, escaping, and the pieces of the frame that it keeps."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.forms import Widget, renderers, widgets
from django.template import Context, Template, engines
from django.test import Client
from django.test.html import parse_html
from django.urls import get_script_prefix, reverse, set_script_prefix
from django.utils import timezone
from django.utils.html import escape
from django.utils.translation import override
from django.utils.translation.template import templatize
from django_cotton.compiler_regex import CottonCompiler
from jinja2 import UndefinedError

from crm import navigation
from crm.accounts.models import User
from crm.lib.forms import EmptyForm
from crm.templatetags import jinja
from crm.templatetags.addresses import url
from leads.forms.follow_up import AttemptForm
from leads.forms.handoffs import EndForm
from leads.forms.notes import LeadNoteForm
from leads.forms.qualification import ActionForm, EvidenceForm
from tests.factories import Cast
from tests.sources import ROOT, name_of

EVIL = "<script>alert(1)</script>"
FRAME = re.compile(r"templates/(frame|components/_\w+)\.jinja")
ROWS = re.compile(r"templates/\w+/_\w+_row\.jinja")
NOTICES = re.compile(r"templates/notifications/notice_list\.jinja")
LEADS = re.compile(r"templates/leads/_?(lead|qualify|search|list|queue|desk|begun)(_\w+)?\.jinja")


def drawn(source: str, **values: object) -> str:
    return str(engines[jinja.ENGINE].from_string(source).render(values))


def test_only_the_frame_lists_and_the_pages_of_a_lead_are_drawn_by_it() -> None:
    names = [name_of(path) for path in (ROOT / "templates").rglob("*.jinja")]
    assert names
    kinds = (FRAME, ROWS, NOTICES, LEADS)
    assert [name for name in names if not any(kind.fullmatch(name) for kind in kinds)] == []


def test_no_template_is_there_for_both_engines() -> None:
    """The first engine would take the name, and the other file would grow old unseen."""
    folder = ROOT / "templates"
    names = {path.with_suffix("") for path in folder.rglob("*.jinja")}
    assert [path.name for path in folder.rglob("*.html") if path.with_suffix("") in names] == []


def test_makemessages_finds_every_text() -> None:
    """It knows the syntax of Django's templates only: in {{ }}, a text must come first."""
    text = re.compile(r"""\b_\((".*?"|'.*?')\)""")
    unseen = []
    for path in (ROOT / "templates").rglob("*.jinja"):
        source = path.read_text(encoding="utf-8")
        found = text.findall(templatize(source))
        unseen += [f"{path.name}: {each}" for each in text.findall(source) if each not in found]
    assert unseen == []


def test_typed_text_is_escaped() -> None:
    escaped = "&lt;script&gt;alert(1)&lt;/script&gt;"
    for source in ("{{ text }}", "{{ text | breakable }}", "{{ '%s' | format(text) }}"):
        assert drawn(source, text=EVIL) == escaped
    assert EVIL not in jinja.tag(EVIL) + jinja.avatar(EVIL)


def test_misspelt_name_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        drawn("{{ leed }}")


class Typed(forms.Form):
    """A form that came back with an error at each kind of field."""

    text = forms.CharField(label=EVIL, help_text="Why", max_length=1)
    mark = forms.BooleanField(label="Mark")
    one = forms.ChoiceField(choices=[("a", EVIL)], widget=forms.RadioSelect)
    free = forms.CharField(required=False)
    unseen = forms.CharField(widget=forms.HiddenInput)


TYPED = Typed({"text": EVIL, "one": "b"})
TABS = [
    {"url": "?", "label": "One", "count": 8, "is_current": True},
    {"url": EVIL, "label": EVIL, "is_current": False},
]
COMPONENTS = {
    '<c-tag tone="ok">New</c-tag>': jinja.tag("New", "ok"),
    '<c-avatar name="Ana Robles" />': jinja.avatar("Ana Robles"),
    '<c-panel title="T" sub="S" id="p" class="x" level="3">In</c-panel>': jinja.macro(
        "_boxes", "panel", "T", "S", "p", "x", "", 3, "In"
    ),
    '<c-page-head title="T" sub="S" back="/b/" back_label="B">In</c-page-head>': jinja.macro(
        "_page", "page_head", "T", "S", "/b/", "B", "", "In"
    ),
    '<c-tabs :tabs="tabs" label="L" />': ' aria-current="page">One <span class="n">8',
    '<c-empty title="T" icon="bell">In</c-empty>': '<h2>T</h2>\n<div class="row">In</div>',
    '<c-pager next="?after=1" words="W" />': '<a class="btn" href="?after=1" rel="next">',
    '<c-field :field="form.free" />': "<label for=",
    '<c-field :field="form.free" optional="no" />': '">Free</label>',
    '<c-field :field="form.mark" class="y" />': '<div class="f f--check y f--bad">',
    '<c-field :field="form.one" />': '<fieldset class="f f--set  f--bad"',
    '<c-field :field="form.text" label="L" />': '<div class="f-help" id="id_text_helptext">Why',
    '<c-error-summary :form="form" />': '<div class="err-sum" role="alert"',
    '<c-not-saved :form="form" />': "data-not-saved",
}


@pytest.mark.parametrize("source", COMPONENTS)
def test_components_call_the_macros_of_the_rows(source: str) -> None:
    html = Template(CottonCompiler().process(source)).render(Context({"form": TYPED, "tabs": TABS}))
    assert COMPONENTS[source] in html
    assert EVIL not in html


KINDS = ((4, "Asked for a demo"), (7, EVIL))
EMPTY_FORMS = (
    EmptyForm(AttemptForm, "id_attempt_%s"),
    EmptyForm(EvidenceForm, "id_budget_said_%s"),
    EmptyForm(LeadNoteForm, "id_note_%s"),
    EmptyForm(EndForm, "id_lose_%s", (("kind", "lost"), ("reasons", KINDS))),
    EmptyForm(ActionForm, "id_action_%s", (("today", date(2026, 3, 2)), ("kinds", KINDS))),
)


@pytest.mark.parametrize("form", EMPTY_FORMS)
@pytest.mark.parametrize("language", ["es", "en"])
def test_field_of_an_empty_form_is_drawn_as_that_of_the_form(
    form: EmptyForm, language: str
) -> None:
    with override(language):
        fields = [form.made()[each.name] for each in form]
        assert [jinja.field(each) for each in form] == [jinja.field(each) for each in fields]
        assert EVIL not in "".join(jinja.field(each) for each in form)


def test_field_of_an_empty_form_is_drawn_once_for_equal_choices_and_language() -> None:
    def reasons(name: str, language: str) -> str:
        arguments = (("kind", "lost"), ("reasons", ((4, name),)))
        with override(language):
            return jinja.field(EmptyForm(EndForm, "id_%s", arguments)["reason"])

    first = reasons("Price", "en")
    assert reasons("Price", "en") is first
    assert ("Too dear" in reasons("Too dear", "en"), "Motivo" in reasons("Price", "es")) == (
        True,
        True,
    )


def test_words_follow_the_language_of_each_drawing() -> None:
    """The words of a template are looked up once in each language."""
    texts = []
    for language in ("en", "es", "en"):
        with override(language):
            texts.append("opcional" in jinja.field(TYPED["free"]))
    assert texts == [False, True, False]


@pytest.mark.parametrize("prefix", ["/", "/relevo/", "/0/"])
@pytest.mark.parametrize(
    ("name", "names"),
    [("lead", ()), ("lead_evidence", ("0",)), ("lead_fact", ("a-b",)), ("lead_field", ("ñ 0",))],
)
def test_address_of_an_object_is_the_one_that_django_gives(
    prefix: str, name: str, names: tuple[str, ...]
) -> None:
    before = get_script_prefix()
    set_script_prefix(prefix)
    try:
        found = [url(name, pk, *names) for pk in (0, 10, 70)]
        assert found == [escape(reverse(name, args=[pk, *names])) for pk in (0, 10, 70)]
    finally:
        set_script_prefix(before)


CHOICES = [("", "–"), ("a", EVIL), ("Group", [("b", "B")])]
CONTROLS: list[tuple[Widget, object]] = [
    (widgets.TextInput({"maxlength": 9, "required": True, "disabled": False}), EVIL),
    (widgets.TextInput(), None),
    (widgets.HiddenInput(), '{"a": "b"}'),
    (widgets.NumberInput({"min": 0}), 1234),
    (widgets.DateInput({"type": "date"}, format="%Y-%m-%d"), date(2026, 3, 2)),
    (widgets.Textarea({"rows": 3}), f"\n{EVIL}\n"),
    (widgets.CheckboxInput(), True),
    (widgets.NullBooleanSelect(), False),
    (widgets.Select(choices=CHOICES), "b"),
    (widgets.RadioSelect(choices=CHOICES), "a"),
    (widgets.CheckboxSelectMultiple({"class": "c"}, choices=CHOICES), ["a", "b"]),
    (widgets.ClearableFileInput(), None),
]


@pytest.mark.parametrize(("widget", "value"), CONTROLS)
def test_control_means_the_same_in_both_engines(widget: Widget, value: object) -> None:
    ours = renderers.get_default_renderer()
    assert isinstance(ours, renderers.Jinja2)
    drawn_by = [
        parse_html(widget.render("name", value, {"id": "id_name"}, renderer=renderer))
        for renderer in (renderers.DjangoTemplates(), ours)
    ]
    assert drawn_by[0] == drawn_by[1]


def palette(language: str, *, can_log: bool) -> str:
    entries = (navigation.QUEUE, navigation.PERSONAS)
    with override(language):
        return jinja.kept("components/_palette.jinja", entries=entries, can_log=can_log)


def test_kept_piece_follows_language_and_permission() -> None:
    found = [palette("en", can_log=True), palette("es", can_log=True), palette("en", can_log=False)]
    assert [("New lead" in html, "Cola" in html) for html in found] == [
        (True, False),
        (False, True),
        (False, False),
    ]
    assert palette("en", can_log=True) is found[0]


def test_kept_piece_knows_nothing_of_a_request() -> None:
    """A token, a nonce or a name in it would be shown to the next person."""
    secrets = re.compile(r"csrf|nonce|request|person\b|user\b")
    pieces = [ROOT / "templates" / "components" / name for name in kept_pieces()]
    assert len(pieces) >= 4
    assert [path.name for path in pieces if secrets.search(path.read_text())] == []


def kept_pieces() -> list[str]:
    return re.findall(r'kept\("components/([^"]+)"', read("frame.jinja"))


def read(name: str) -> str:
    return (ROOT / "templates" / name).read_text(encoding="utf-8")


def test_pages_of_both_engines_fill_the_same_places_of_the_frame() -> None:
    block = re.compile(r"{% block (\w+) %}")
    names = ("frame.jinja", "base.html", "components/_parts.jinja")
    frame, of_django, around = (block.findall(read(name)) for name in names)
    assert frame == of_django == around


EXTENDING = """
{% extends "base.html" %}
{% block title %}{{ title }}{% endblock %}
{% block page_head %}{% translate "Queue" as title_part %}<h1>{{ title_part }}</h1>{% endblock %}
{% block content %}<b>{{ title }}</b>{% endblock %}
"""


def test_page_of_the_other_engine_stands_in_the_frame_escaped_once() -> None:
    request = SimpleNamespace(path="/", META={}, htmx=False, user=AnonymousUser(), density="")
    values = {"request": request, "title": EVIL, "shell": None, "messages": []}
    html = Template(EXTENDING.strip()).render(Context(values))
    escaped = "&lt;script&gt;alert(1)&lt;/script&gt;"
    assert EVIL not in html
    for piece in (f"<title>{escaped} · Relevo</title>", f"<b>{escaped}</b>", "<h1>Cola</h1>"):
        assert html.count(piece) == 1


@pytest.mark.django_db
def test_pages_of_two_people_share_no_token_and_no_name(
    cast: Cast, signed_in: Callable[[User], Client]
) -> None:
    pages = [signed_in(user).get("/help/").content.decode() for user in (cast.bea, cast.cruz)]
    tokens = [set(re.findall(r'csrfmiddlewaretoken" value="(\w+)"', page)) for page in pages]
    assert tokens[0] and not tokens[0] & tokens[1]
    assert [("Bea" in page, "Cruz" in page) for page in pages] == [(True, False), (False, True)]


def test_frame_of_a_visitor_has_no_menu_of_a_person() -> None:
    request = SimpleNamespace(path="/", META={}, htmx=False, now=None)
    html = jinja.draw("components/_rail.jinja", request, shell=None, person=None)
    assert "me-menu" not in html and "palette" not in html


def test_one_moment_in_two_zones_keeps_the_offset_that_it_has() -> None:
    moment = datetime(2026, 3, 2, 16, tzinfo=UTC)
    elsewhere = moment.astimezone(ZoneInfo("America/Bogota"))
    now = datetime(2026, 3, 9, tzinfo=UTC)
    for value in (moment, elsewhere):
        assert f'datetime="{value.isoformat()}"' in drawn(
            "{{ moment(at, now) }}", at=value, now=now
        )


def test_moment_reads_in_the_active_zone_and_language() -> None:
    values = {"at": datetime(2026, 3, 2, 16, tzinfo=UTC), "now": datetime(2026, 3, 3, tzinfo=UTC)}
    with override("en"), timezone.override("America/Bogota"):
        in_bogota = drawn("{{ moment(at, now) }}", **values)
    with override("es"), timezone.override("Europe/Madrid"):
        in_madrid = drawn("{{ moment(at, now) }}", **values)
    assert ("11:00 (Bogotá)" in in_bogota, "17:00 (Madrid)" in in_madrid) == (True, True)
    assert (">today 11:00<" in in_bogota, ">ayer 17:00<" in in_madrid) == (True, True)

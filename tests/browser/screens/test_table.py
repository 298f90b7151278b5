"""The table of screens names every address, and the judges of pages see what is wrong."""

from __future__ import annotations

from tests.browser.screens import hostile
from tests.browser.screens.table import SCREENS
from tests.browser.screens.words import Page, judge_policy
from tests.harness.prepared import ROOT


def test_every_address_has_a_case():
    names = {name for name, _route in hostile.addresses()}
    missing = [f"{name} ({route})" for name, route in hostile.addresses() if name not in SCREENS]
    assert not missing, f"Add to table.py who sees it, or why there is no screen: {missing}"
    gone = set(SCREENS) - names
    assert not gone, f"No address has these names any more: {sorted(gone)}"


def test_no_style_depends_on_how_the_device_is_held():
    """What axe's css-orientation-lock would ask of the styles."""
    styles = list((ROOT / "crm" / "static").rglob("*.css"))
    assert styles
    assert not [sheet.name for sheet in styles if "orientation" in sheet.read_text()]


def test_words_of_a_page_are_judged_one_by_one():
    html = """<html lang="en"><h1>Cola</h1><h1>Two &amp; more</h1><img alt="Accept">
    <script>Guardar</script><p lang="en">Queue</p><p title="Queue">Nueva <b>etiqueta</b></p>
    <select name="language"><option>English</option></select><br><span>Save</span>"""
    page = Page(html)
    assert page.texts == {"Cola", "Two & more", "Queue", "Nueva", "etiqueta", "Save"}
    assert page.faults("es") == [
        "html[lang] is en",
        "2 h1",
        "not es: 'Queue'",
        "not es: 'Save'",
    ]


def test_policy_with_a_hole_is_seen():
    assert judge_policy("default-src 'none'; script-src 'self'") == []
    assert judge_policy("default-src 'none'; style-src 'unsafe-inline'") != []
    assert judge_policy("") != []

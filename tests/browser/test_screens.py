"""Every screen, for each part that sees it, in both languages, both themes, at 1280 and at 320 px.

RELEVO_SHOTS=folder also keeps a picture of each.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import polib
import pytest
from playwright.sync_api import Browser, Page, Response

from tests.browser import screens
from tests.browser.conftest import Sit, the_window
from tests.browser.desk import Desk
from tests.browser.running import Running, wait_for
from tests.browser.screens import (
    BARE,
    DATA,
    FOR_ADMINS,
    LONG,
    MOVES_ON,
    NOBODY,
    PARTS,
    SCREENS,
    TAKES_A_FORM,
    Screen,
)
from tests.browser.words import LANGUAGES
from tests.harness.prepared import ROOT

in_browser = [pytest.mark.browser, pytest.mark.slow]

WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 320, "height": 640}
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# A theme changes colours and nothing else: the second theme of a width is judged by what looks at colours.
COLOURS = ["color-contrast", "link-in-text-block"]
RUN = """
(runOnly) => axe.run(document, {
  runOnly, resultTypes: ['violations'], rules: {'target-size': {enabled: true}},
  preload: false,  // the styles are fetched again for one rule only, about orientation: see below
}).then(
  (found) => found.violations.map((rule) =>
    `${rule.id}: ${rule.help} | ` + rule.nodes.slice(0, 3).map((node) => node.target.join(' ')).join(' ; ')))
"""
# Texts as they stand on the screen, each text node by itself.
TEXTS = """
() => {
  const found = new Set(), walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode, text = node.data.replace(/\\s+/g, ' ').trim();
    const elsewhere = 'script, style, template, [lang]:not(html), select[name=language]';
    if (text && !node.parentElement.closest(elsewhere)) found.add(text);
  }
  for (const each of document.querySelectorAll('[aria-label], [title], [placeholder]'))
    for (const name of ['aria-label', 'title', 'placeholder']) found.add(each.getAttribute(name) ?? '');
  return [...found];
}
"""
SAID_BY_EVERY_SCREEN = {
    "es": re.compile(
        r"\b(Accept|Reject|Queue|Overdue|Handoff|Sign out|Save|Search|Waiting|Due|Stage|Notices)\b"
    ),
    "en": re.compile(
        r"\b(Aceptar|Rechazar|Cola|Vencid[oa]s?|Traspaso|Guardar|Buscar|Etapa|Avisos|Cerrar sesión)\b"
    ),
}


def test_every_address_has_a_case():
    missing = [f"{name} ({route})" for name, route in screens.addresses() if name not in SCREENS]
    assert not missing, (
        f"Add to tests/browser/screens.py who sees it, or why there is no screen: {missing}"
    )
    gone = set(SCREENS) - {name for name, _ in screens.addresses()}
    assert not gone, f"No address has these names any more: {sorted(gone)}"


def test_no_style_depends_on_how_the_device_is_held():
    """What axe's css-orientation-lock would ask of the styles."""
    styles = list((ROOT / "crm" / "static").rglob("*.css"))
    assert styles
    assert not [sheet.name for sheet in styles if "orientation" in sheet.read_text()]


@pytest.fixture(scope="module")
def crowded(running: Running) -> Running:
    return crowd(running, the_window.open())


def crowd(running: Running, window: Browser) -> Running:
    """The demo, with a lead of which nearly nothing is known, a handed-off one with the longest data, and a draft."""
    ana = Desk(running, window.new_context(locale="en-US"), "en").sign_in_as("marketing")
    source = running.value("SELECT id FROM leads_source WHERE code = 'event'")
    action = running.value(
        "SELECT id FROM leads_valuableactionkind WHERE code = 'asked_for_information'"
    )
    ana.post("/leads/new/", "/leads/new/", name=BARE)
    long = {
        "name": LONG,
        "email": f"{'maximiliano.alejandro' * 2}@{'universidad-tecnologica-' * 2}latinoamericana.relevo.test",
        "phone": "+52 55 4000 9999",
        "job_title": "Directora General Adjunta de Transformación Comercial y Mercadotecnia Internacional",
        "company": "Administradora Latinoamericanadetelecomunicacionesyserviciosfinancieros S.A.P.I. de C.V.",
        "employees": 5000,
        "country": "MX",
        "source": source,
        "first_action": action,
    }
    ana.post("/leads/new/", "/leads/new/", **long)
    lead = running.lead_of(LONG)
    team = running.value("SELECT id FROM accounts_team WHERE name = 'Ventas en línea'")
    ana.post(
        f"/leads/{lead}/qualify/",
        f"/leads/{lead}/hand-off/",
        team=team,
        note="Prefiere WhatsApp. " * 20,
    )
    ask_for_signatures(window, running)
    bring(ana, "primera.csv", start=True)
    bring(ana, "segunda.csv")
    ana.close()
    dora = Desk(running, window.new_context(locale="en-US"), "en").sign_in_as("team_lead")
    dora.post("/personas/", "/personas/2/draft/")
    dora.close()
    return running


def ask_for_signatures(window: Browser, running: Running) -> None:
    """An agreement for one team whose text is closed; the draft of the demo stays one."""
    dora = Desk(running, window.new_context(locale="en-US"), "en").sign_in_as("team_lead")
    team = running.value("SELECT id FROM accounts_team WHERE name = 'Ventas en línea'")
    dora.post("/agreement/new/", "/agreement/new/", name="Acuerdo de ventas en línea", teams=team)
    version = running.value("SELECT max(id) FROM sla_agreementversion")
    dora.post(f"/agreement/{version}/", f"/agreement/{version}/propose/")
    dora.close()


def bring(ana: Desk, name: str, *, start: bool = False) -> None:
    """Have a file with good rows and a bad one checked, and the good ones imported."""
    rows = [
        f"Persona {name} {number},{number}.{name}@ferias.relevo.test,Feria,x" for number in range(3)
    ]
    table = "\n".join(
        [
            "NOMBRE,CORREO,FUENTE,Otra columna de nombre muy largo",
            *rows,
            "Sin correo,esto-no-es,Feria,x",
        ]
    )
    ana.open("/imports/new/")
    ana.page.set_input_files(
        "input[type=file]", {"name": name, "mimeType": "text/csv", "buffer": table.encode()}
    )
    ana.button("Upload and continue").click()
    ana.button("Check the file").click()
    wait_for_import(ana, name, "checked")
    if start:
        ana.page.reload()
        ana.button("Import 3 leads").click()
        wait_for_import(ana, name, "done")


def wait_for_import(ana: Desk, name: str, state: str) -> None:
    sql = "SELECT count(*) FROM leads_importrun WHERE name = %s AND state = %s"
    wait_for(f"{name} is {state}", lambda: ana.running.value(sql, name, state))


@pytest.mark.parametrize(
    ("language", "part"),
    [pytest.param(language, part, marks=in_browser) for language in LANGUAGES for part in PARTS],
)
def test_screens_are_sound(sit: Sit, crowded: Running, language: str, part: str):
    desk = sit(part if part != NOBODY else None, language)
    faults = []
    for screen in screens.seen_by(part):
        faults += look(desk, crowded, screen, language, whole=looks_closely(screen, part, language))
    assert not faults, "\n" + "\n".join(faults)


def looks_closely(screen: Screen, part: str, language: str) -> bool:
    """Whether axe judges the screen for this part in this language: in both for the first part that sees it, which is
    every screen in every language, theme and width; in one of them, by turns, for the others, who see it too."""
    place = screen.parts.index(part)
    return place == 0 or language == LANGUAGES[place % 2]


def path_of(screen: Screen, running: Running) -> str:
    """The address of the screen, with the ids of its person's lead and handoff."""
    imports = dict(running.rows("SELECT state, max(id) FROM leads_importrun GROUP BY state"))
    ids = {"lead": 0, "handoff": 0, "checked": imports["checked"], "done": imports["done"]}
    versions = dict(running.rows("SELECT state, min(id) FROM sla_agreementversion GROUP BY state"))
    ids |= {
        "first": versions["superseded"],
        "draft": versions["draft"],
        "waiting": versions["proposed"],
    }
    if screen.person:
        ids["lead"] = running.lead_of(screen.person)
        ids["handoff"] = (
            running.value("SELECT max(id) FROM leads_handoff WHERE lead_id = %s", ids["lead"]) or 0
        )
    return screen.path.format(**ids)


def look(desk: Desk, running: Running, screen: Screen, language: str, *, whole: bool) -> list[str]:
    """Everything that is wrong with one screen, each line beginning with where. Not ``whole``: its answer and words."""
    path = path_of(screen, running)
    answer = desk.open(path)
    faults = [*judge_answer(answer, screen), *judge_words(desk.page, language)]
    if not whole:
        return [f"{path}: {fault}" for fault in faults]
    desk.page.evaluate(AXE)
    for size in (WIDE, NARROW):
        desk.page.set_viewport_size(size)
        for theme in ("light", "dark"):
            rules = (
                {"type": "tag", "values": TAGS}
                if theme == "light"
                else {"type": "rule", "values": COLOURS}
            )
            faults += [
                f"{size['width']} {theme}: {fault}" for fault in judge_look(desk.page, theme, rules)
            ]
            keep_picture(desk.page, f"{path}-{language}-{theme}-{size['width']}")
    desk.page.set_viewport_size(WIDE)
    return [f"{path}: {fault}" for fault in faults]


def judge_answer(answer: Response, screen: Screen) -> list[str]:
    faults = []
    if answer.status != screen.status:
        faults.append(f"status {answer.status}, not {screen.status}")
    policy = answer.header_value("content-security-policy") or ""
    if "default-src 'none'" not in policy or "unsafe" in policy:
        faults.append(f"Content-Security-Policy: {policy!r}")
    if "<c-" in answer.text():
        faults.append("a component was not rendered (<c-)")
    return faults


@lru_cache
def foreign(language: str) -> frozenset[str]:
    """Texts of the catalogue that must not stand on a screen in ``language``, because they are of the other one."""
    entries = [
        e for e in polib.pofile(str(ROOT / "crm/locale/es/LC_MESSAGES/django.po")) if not e.obsolete
    ]
    english = {text for e in entries for text in (e.msgid, e.msgid_plural) if text}
    spanish = {text for e in entries for text in (e.msgstr, *e.msgstr_plural.values()) if text}
    return frozenset(english - spanish if language == "es" else spanish - english)


def judge_words(page: Page, language: str) -> list[str]:
    faults = []
    if page.get_attribute("html", "lang") != language:
        faults.append(f"html[lang] is {page.get_attribute('html', 'lang')}")
    if page.locator("h1").count() != 1:
        faults.append(f"{page.locator('h1').count()} h1")
    texts = page.evaluate(TEXTS)
    faults += [f"not {language}: {text!r}" for text in texts if text in foreign(language)]
    words = SAID_BY_EVERY_SCREEN[language]
    faults += [
        f"not {language}: {text!r}"
        for text in texts
        if words.search(text) and text not in foreign(language)
    ]
    return faults


def judge_look(page: Page, theme: str, rules: dict[str, object]) -> list[str]:
    """Axe, and at 320 px that nothing needs scrolling in two directions (1.4.10)."""
    page.evaluate("(theme) => document.documentElement.dataset.theme = theme", theme)
    faults = page.evaluate(RUN, rules)
    over = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return [*faults, f"scrolls sideways by {over} px"] if over > 0 else faults


def keep_picture(page: Page, name: str) -> None:
    if folder := os.environ.get("RELEVO_SHOTS"):
        page.screenshot(
            path=Path(folder) / f"{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')}.png",
            full_page=True,
        )


@pytest.mark.browser
@pytest.mark.slow
def test_these_checks_see_what_is_wrong(sit: Sit):
    """So that "no fault" above means that somebody looked."""
    desk = sit("director", "es")
    desk.page.evaluate(AXE)
    desk.page.evaluate("""() => {
      document.querySelector('main').insertAdjacentHTML('afterbegin', '<h1>Queue</h1><p></p><img src="">');
      document.querySelector('h1').setAttribute('style', 'width: 9000px');
      document.documentElement.lang = 'en';
      const wide = document.querySelector('main p');
      wide.innerHTML = '<input>'; wide.firstChild.size = 900;
    }""")
    words, look = (
        judge_words(desk.page, "es"),
        judge_look(desk.page, "light", {"type": "tag", "values": TAGS}),
    )
    assert {"html[lang] is en", "2 h1", "not es: 'Queue'"} <= set(words)
    assert {fault.split(":")[0] for fault in look} >= {"image-alt", "label"}
    assert any("scrolls sideways" in fault for fault in look)
    assert any("style-src" in problem for problem in desk.problems)
    desk.problems.clear()


@pytest.mark.browser
@pytest.mark.slow
def test_addresses_without_a_screen_answer_as_said(sit: Sit, running: Running):
    desk = sit("team_lead")
    pk = str(running.lead_of("Mariana Peña"))
    known = {"pk": pk, "code": "budget", "panel": "weekly", "key": "hours", "leave": "1"}
    wanted = {TAKES_A_FORM: range(405, 406), MOVES_ON: range(302, 303), DATA: range(200, 201)}
    wanted[FOR_ADMINS] = range(403, 404)
    wrong = []
    for name, route in screens.addresses():
        if isinstance(reason := SCREENS[name], str):
            path = re.sub(r"<\w+:(\w+)>", lambda found: known[found[1]], route)
            status = desk.context.request.get(running.url + path, max_redirects=0).status
            if status not in wanted[reason]:
                wrong.append(f"{name} {path}: {status}, but it {reason}")
    assert not wrong

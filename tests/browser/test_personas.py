"""Writing a persona in a real browser: controls that fit what is asked, and all of it without a
script as well.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Sit
from tests.browser.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DRAFT, EDIT = "/personas/1/draft/", "/personas/1/edit/"


@pytest.fixture
def dora(sit: Sit) -> Desk:
    desk = sit("team_lead")
    desk.post("/personas/", DRAFT)
    desk.open(EDIT)
    return desk


def test_controls_follow_the_field_and_the_sentence_follows_what_is_typed(dora):
    page, first = dora.page, dora.page.locator("#criteria-0")
    reads = page.locator("#criteria-0-reads")
    expect(reads).to_contain_text("Fits when “Employees” is 20 or more.")
    first.get_by_label("Compared with").fill("200")
    expect(reads).to_contain_text("Fits when “Employees” is 200 or more.")
    first.get_by_label("Kind").select_option("disqualifier")
    expect(reads).to_contain_text("Ruled out when “Employees” is 200 or more.")
    first.get_by_label("Field", exact=True).select_option("lead.source")
    first.get_by_label("Event").check()
    expect(reads).to_contain_text("Ruled out when “Source” is Event.")
    expect(first.get_by_label("Field", exact=True)).to_have_value("lead.source")


def test_sentence_is_typed_on_while_the_machine_reads(dora):
    """What is typed is never overtaken by an answer: only the sentence is replaced."""
    page = dora.page
    box = page.locator("#id_criteria-1-operand")
    box.press("Control+End")
    box.press_sequentially("\npresidenta\nvicepresidenta", delay=60)
    expect(page.locator("#criteria-1-reads")).to_contain_text("presidenta, vicepresidenta.")
    expect(box).to_be_focused()
    expect(box).to_have_value(re.compile(r"\npresidenta\nvicepresidenta$"))


def test_draft_is_written_without_a_script(sit):
    dora = sit("team_lead", java_script_enabled=False)
    dora.post("/personas/", DRAFT)
    dora.open(EDIT)
    page = dora.page
    before = page.locator("fieldset.rule").count()
    dora.button("Add a criterion").click()
    expect(page.locator("fieldset.rule")).to_have_count(before + 1)
    expect(page).to_have_url(re.compile(f"{EDIT}#criteria-{before}$"))
    new = page.locator(f"#criteria-{before}")
    new.get_by_label("English").fill("Wants to begin this month")
    new.get_by_label("Kind").select_option("timing")
    dora.button("Move up: Criterion 2").click()
    new.get_by_role("combobox", name="The question").select_option("said")
    dora.button("Save and read it").click()
    dora.sees("Wants to begin this month")
    dora.button("Publish version 3").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Commercial leader")
    dora.sees("Wants to begin this month")

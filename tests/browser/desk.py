"""A person at a browser: signs in, goes to pages, reads, clicks.

Everything by what the screen says.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Error,
    Locator,
    Page,
    Response,
    expect,
)

from tests.browser.running import Running
from tests.browser.words import Words

PASSWORD = "relevo-demo-2026"
# Answers such as 409 and 422 are part of the story; the browser tells them as errors of a resource.
EXPECTED = re.compile(r"^Failed to load resource: the server responded with a status of 4\d\d ")
PHONE = {
    "viewport": {"width": 360, "height": 740},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}
LISTEN = """
document.addEventListener('securitypolicyviolation', (event) =>
  console.error(`CSP ${event.effectiveDirective} ${event.blockedURI}`
    + ` ${event.sourceFile}:${event.lineNumber}`));
"""


def scrolls_sideways(page: Page) -> bool:
    return page.evaluate(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    )


class Desk:
    """One browser session. ``problems`` gathers what nobody should ever see in the console."""

    def __init__(self, running: Running, context: BrowserContext, language: str) -> None:
        self.running, self.context = running, context
        self.say = Words(language)
        self.problems: list[str] = []
        context.set_default_timeout(10_000)
        context.add_init_script(LISTEN)
        context.on("console", self._console)
        context.on("weberror", lambda fault: self.problems.append(f"script: {fault.error}"))
        context.on("response", self._response)
        self.page: Page = context.new_page()
        self.home = ""  # where the sign-in led to
        self.session: list[str] = []

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not EXPECTED.match(message.text):
            self.problems.append(f"console: {message.text} ({self.page.url})")

    def _response(self, response: Response) -> None:
        if response.status >= 500 or (response.status >= 400 and "/static/" in response.url):
            self.problems.append(f"{response.status}: {response.url}")

    # -- Coming and going

    def open(self, path: str) -> Response:
        answer = self.page.goto(self.running.url + path)
        assert answer is not None
        return answer

    def sign_in_as(self, part: str) -> Desk:
        """Press "Try it as …" on the sign-in page."""
        self.open("/accounts/login/")
        self.page.locator(f"button[name=as][value={part}]").click()
        return self._arrive()

    def sign_in(self, mailbox: str) -> Desk:
        """With e-mail and password, as those do for whom the page has no button."""
        self.open("/accounts/login/")
        self.page.fill("input[name=login]", f"{mailbox}@demo.relevo.test")
        self.page.fill("input[name=password]", PASSWORD)
        self.page.keyboard.press("Enter")
        return self._arrive()

    def _arrive(self) -> Desk:
        self.page.wait_for_url(lambda url: "/accounts/" not in url)
        self.home, self.session = urlsplit(self.page.url).path, self._session()
        return self

    def speak(self, language: str) -> None:
        """Set the language in the preferences, as somebody does for whom the sign-in page has
        no button.
        """
        self.post(
            "/preferences/",
            "/preferences/",
            language=language,
            theme="system",
            density="comfortable",
            shortcuts="on",
        )

    def open_lead(self, name: str) -> Desk:
        self.open(f"/leads/{self.running.lead_of(name)}/")
        return self

    # -- Reading and acting. Texts are English; they are looked up in the language of the desk.

    def button(self, text: str, *, within: Locator | None = None, **values: object) -> Locator:
        name = re.compile(rf"^\s*{re.escape(self.say(text, **values))}")
        return (within or self.page).get_by_role("button", name=name).locator("visible=true")

    def field(self, label: str) -> Locator:
        """The field with this label, which may go on with "optional"."""
        name = re.compile(rf"^\s*{re.escape(self.say(label))}(\s+{self.say('optional')})?\s*$")
        return self.page.locator("main").get_by_label(name).locator("visible=true")

    def link(self, text: str, *, within: Locator | None = None, **values: object) -> Locator:
        return (
            (within or self.page)
            .get_by_role("link", name=self.say(text, **values))
            .locator("visible=true")
        )

    def row(self, name: str) -> Locator:
        return self.page.locator("[data-row]", has_text=name)

    def sees(self, text: str, *, within: Locator | None = None, **values: object) -> None:
        """The text stands on the page, for the eye."""
        found = (
            (within or self.page.locator("body"))
            .get_by_text(self.say(text, **values))
            .locator("visible=true")
        )
        expect(found.first).to_be_visible()

    def shortcut(self, *keys: str) -> None:
        for key in keys:
            self.page.wait_for_load_state()  # scripts listen from then on
            self.page.keyboard.press(key)

    def post(self, page: str, to: str, **fields: Any) -> None:
        """Send a form of ``page`` as the browser would: the quick way to a state that the test
        begins with.
        """
        token = self.context.request.get(self.running.url + page)
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', token.text())
        assert found, f"no form on {page}: {token.status}"
        form = {"csrfmiddlewaretoken": found[1], **fields}
        answer = self.context.request.post(
            self.running.url + to, form=form, headers={"Referer": self.running.url + page}
        )
        faults = re.findall(r'class="(?:err-sum|f-err)".*?</(?:div|ul)>', answer.text(), re.DOTALL)
        assert answer.ok, f"{to}: {answer.status} {faults}"

    # -- Between two tests

    def _session(self) -> list[str]:
        return [
            each["value"] for each in self.context.cookies() if each["name"] == "relevo_session"
        ]

    def rest(self, *, keep_page: bool = False) -> bool:
        """Make ready for the next test; return False where that needs another session.

        All pages are closed and a new one is opened, or the one that is open is kept.
        """
        try:
            if self.problems or not (self.session or keep_page):
                return False
            if self._session() != self.session:
                return False
            if keep_page and self.context.pages == [self.page]:
                return True
            for page in self.context.pages:
                page.close()
            self.page = self.context.new_page()
        except Error:  # the test closed the browser or the session
            return False
        return True

    def close(self) -> None:
        try:
            self.context.close()
        except Error as fault:  # a closed browser closed its sessions, too
            if "closed" not in str(fault):
                raise

/* The lead page: the button of the next step opens its form, `n` stands in the note; a field is edited in place with
   `e` or a click, Enter saves it, Esc restores it; a call, a chat or a mail begins an attempt, whose outcome is asked
   for on coming back. */

const $ = (selector, root = document) => root.querySelector(selector);
const field = ":is(input:not([type=hidden]), select, textarea)";

/** Open what is folded around the target, go there and stand in its first field. */
function goTo(target) {
  for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  const first = $(`[aria-invalid=true]`, target) ?? $(`details[open] ${field}, form ${field}`, target) ?? $("button", target);
  target.scrollIntoView({ block: "start" });
  first?.focus({ preventScroll: true });
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-to]");
  const target = link && document.getElementById(link.dataset.to);
  if (target) {
    event.preventDefault();
    goTo(target);
  }
  // A key presses its control; a field takes the focus.
  if (event.target.matches?.("textarea[data-key]") && !event.isTrusted) event.target.focus();
});

// A desk leads to the form of a step, which is folded away.
const called = document.getElementById(location.hash.slice(1));
if (called?.closest(".fold")) {
  goTo(called);
  called.closest(".fold").scrollIntoView({ block: "center" });
}

/** In a field that is edited in place Esc restores it; on one that is not, `e` edits this one and not the first. */
function onKey(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") {
    const form = event.target.closest?.(".ef-f");
    if (!form) return;
    event.preventDefault();
    $("[data-cancels]", form).click();
  } else if (event.key === "e" && event.target.matches?.("[data-edits]") && document.body.dataset.shortcuts === "on") {
    event.preventDefault();
    event.target.click();
  }
}
document.addEventListener("keydown", onKey, { capture: true });

/* A call, a chat or a mail takes the person away from the page, and on coming back one tap says what came of it. */

let begins = null; // the link of an attempt that the page has not shown yet
let left = ""; // "click" on such a link, then "away"

/** Record that an attempt has begun. The link works at once, whatever becomes of this request. */
async function begin(link) {
  begins = link;
  const body = new URLSearchParams({ channel: link.dataset.begins });
  body.set("csrfmiddlewaretoken", $("[name=csrfmiddlewaretoken]").value);
  const answer = await fetch(link.dataset.toBegin, { method: "POST", keepalive: true, body });
  begins = null;
  if (!answer.ok) return;
  document.getElementById("begun").innerHTML = await answer.text();
  if (left === "back") ask();
}

/** The question is in sight and has the focus, unless the person has begun to type elsewhere. */
function ask() {
  left = "";
  const question = $("#begun > section");
  if (!question || document.activeElement.matches(field)) return;
  question.focus({ preventScroll: true });
  question.scrollIntoView({ block: "center" });
}

function onLeave() {
  if (left === "click") left = "away";
}

/** The browser may have dropped the request while another app was in front: then it is sent again. */
function onReturn() {
  if (left !== "away") return;
  left = "back";
  if (begins) begin(begins).catch(() => {});
  else ask();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-begins]");
  if (!link) return;
  left = "click";
  begin(link).catch(() => {});
});
document.addEventListener("visibilitychange", () => (document.hidden ? onLeave() : onReturn()));
window.addEventListener("blur", onLeave);
window.addEventListener("focus", onReturn);

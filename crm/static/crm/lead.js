/* The lead page: the button of the next step opens its form, `n` stands in the note. */

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

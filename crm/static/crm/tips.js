/* Marks of charts: what a mark says, on the pointer and on the keyboard; arrows move from mark to mark.
   Without this file the browser shows the same words by itself, as the <title> of the mark. */

const box = document.createElement("div");
box.className = "tip";
box.id = "mark-tip";
box.setAttribute("role", "tooltip");
box.hidden = true;
document.body.append(box);

let shown = null;
let leaving = 0;

/** Keep the words on the mark itself: a browser would show a <title> a second time. */
for (const mark of document.querySelectorAll(".mk")) {
  const title = mark.querySelector("title");
  mark.dataset.tip = title?.textContent ?? "";
  if (mark.matches("a")) mark.setAttribute("aria-label", mark.dataset.tip);
  title?.remove();
}

function show(mark) {
  clearTimeout(leaving);
  shown = mark;
  box.textContent = mark.dataset.tip;
  box.hidden = false;
  const at = mark.getBoundingClientRect();
  const room = document.documentElement.clientWidth - box.offsetWidth - 8;
  const left = Math.min(Math.max(at.left + at.width / 2 - box.offsetWidth / 2, 8), Math.max(room, 8));
  const above = at.top - box.offsetHeight - 6;
  box.style.left = `${Math.round(left + window.scrollX)}px`;
  box.style.top = `${Math.round((above > 0 ? above : at.bottom + 6) + window.scrollY)}px`;
}

function hide() {
  shown = null;
  box.hidden = true;
}

/** The pointer may go from the mark to its words. */
function hideSoon() {
  clearTimeout(leaving);
  leaving = setTimeout(hide, 150);
}

document.addEventListener("pointerover", (event) => {
  const mark = event.target.closest?.(".mk");
  if (mark) show(mark);
  else if (event.target === box) clearTimeout(leaving);
  else if (shown && !shown.contains(document.activeElement)) hideSoon();
});
document.addEventListener("focusin", (event) => {
  const mark = event.target.closest?.(".mk");
  if (mark) show(mark);
});
document.addEventListener("focusout", (event) => {
  if (event.target.closest?.(".mk")) hideSoon();
});

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && shown) hide();
  const mark = event.target.closest?.(".ch a.mk");
  if (!mark || event.ctrlKey || event.altKey || event.metaKey) return;
  const marks = [...mark.closest(".ch").querySelectorAll("a.mk")];
  const ends = { Home: 0, End: marks.length - 1 };
  const next = marks[ends[event.key] ?? marks.indexOf(mark) + (STEPS[event.key] ?? NaN)];
  if (!next) return;
  event.preventDefault();
  mark.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
});

/* Relevo in the browser: a plain module, no build. Pages work without it; it adds time that runs, keys and manners.
   It never replaces a list under the person's hands: counters and badges change in place, new rows wait behind a link. */

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const body = document.body;
const words = JSON.parse($("#relevo-words")?.textContent || "{}");
const fill = (pattern, values) => (pattern || "").replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

/* ---- Time: the server's, carried on by the length of time that passed here ---- */

const stamp = Date.parse($("meta[name=relevo-now]")?.content ?? "");
let offset = Number.isNaN(stamp) ? 0 : stamp - Date.now();
const now = () => Date.now() + offset;

function durationWords(seconds) {
  const minutes = Math.floor(Math.max(seconds, 0) / 60);
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  if (hours >= 10 || (hours && !rest)) return fill(words.hours, { hours });
  if (hours) return fill(words.both, { hours, minutes: String(rest).padStart(2, "0") });
  return minutes ? fill(words.minutes, { minutes }) : words.under;
}

/** "1 h 05 min left": in Spanish the verb agrees, as number_formats.left_words has it. */
function leftWords(seconds) {
  const one = [0, 1, 60].includes(Math.floor(Math.max(seconds, 0) / 60));
  return fill(one ? words.left_one : words.left, { duration: durationWords(seconds) });
}

/** Business seconds of a badge at this moment (negative: overdue). They stand still from the next closing on. */
function secondsLeft(badge) {
  const { sla, seconds, at, until } = badge.dataset;
  const end = until ? Math.min(now(), Date.parse(until)) : now();
  const passed = Math.max(0, (end - (at ? Date.parse(at) : stamp)) / 1000);
  badge.dataset.started ??= sla === "late" ? "late" : "left";
  return (badge.dataset.started === "late" ? -seconds : Number(seconds)) - passed;
}

function tick(badge) {
  const left = secondsLeft(badge);
  const limit = Number(badge.dataset.limit);
  const state = left <= 0 ? "late" : left <= Math.max(limit / 4, 900) ? "soon" : "ok";
  const text = state === "late" ? fill(words.late, { duration: durationWords(-left) }) : leftWords(left);
  const label = $("span", badge);
  if (label.textContent !== text) label.textContent = text;
  const bar = $("rect", badge);
  if (bar && limit) bar.setAttribute("width", `${Math.round((100 * Math.max(0, left)) / limit)}%`);
  if (state !== badge.dataset.sla) changeState(badge, state, text);
}

function changeState(badge, state, text) {
  badge.classList.replace(`sla--${badge.dataset.sla}`, `sla--${state}`);
  badge.dataset.sla = state;
  $("use", badge)?.setAttribute("href", words[`icon_${state}`]);
  if (state === "late") $(".sla__bar", badge)?.remove();
  const name = $(".nm", badge.closest("[data-row]") ?? undefined)?.textContent.trim();
  say(name && badge.closest("[data-row]") ? `${name}: ${text}` : text);
}

let saidAt = -30000;
/** Tell a screen reader, at most one sentence in 30 seconds. */
function say(sentence) {
  const live = $("#live");
  if (!live || body.dataset.live === "off" || performance.now() - saidAt < 30000) return;
  saidAt = performance.now();
  live.textContent = sentence;
}

const tickAll = () => $$("time[data-sla]").forEach(tick);

/* ---- Toasts ---- */

function arm(toast) {
  if (toast.dataset.toast === "error") return;
  const held = () => toast.matches(":hover, :focus-within");
  const leave = () => (held() ? setTimeout(leave, 2000) : toast.remove());
  setTimeout(leave, Number(toast.dataset.lasts) || 7000);
}

/** Show a message that a script wrote; text only. level: success | error. */
function toast(text, level = "error") {
  const box = document.createElement("div");
  box.className = `toast toast--${level}`;
  box.dataset.toast = level;
  box.setAttribute("role", level === "error" ? "alert" : "status");
  const label = document.createElement("span");
  label.className = "grow";
  label.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.dataset.closes = "toast";
  close.setAttribute("aria-label", words.close);
  close.textContent = "×";
  box.append(label, close);
  $("#toasts")?.append(box);
  arm(box);
}

/* ---- Keys: bare letters, only outside fields and dialogs, and only where the person left them on ---- */

const rows = () => $$("[data-keys=list] [data-row]").filter((row) => row.offsetParent !== null);
const here = () => $("[data-row].is-here");
const seen = (element) => element && element.offsetParent !== null && !element.disabled;

function moveTo(row) {
  if (!row) return;
  here()?.classList.remove("is-here");
  row.classList.add("is-here");
  const link = $("[data-open], a.nm, a", row);
  link?.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = rows();
  const at = all.indexOf(here());
  moveTo(all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1)]);
}

// Drafts.js forgets it when the person signs out.
const PLACE = `relevo:${body.dataset.person}:row`;
const DECIDES = /\/handoffs\/\d+\/(reject|misroute|duplicate)\//;

/** Keep the place of a row whose decision has a page of its own. */
function keepPlace(link) {
  const row = link.closest("[data-keys=list] [data-row]");
  if (row) sessionStorage.setItem(PLACE, String(rows().indexOf(row)));
}

/** Back from that page, stand on the row again; the next one has its place if it was decided. */
function takePlace() {
  const at = Number(sessionStorage.getItem(PLACE) ?? -1);
  if (at < 0 || DECIDES.test(location.pathname)) return;
  sessionStorage.removeItem(PLACE);
  const all = rows();
  if (DECIDES.test(document.referrer)) moveTo(all[Math.min(at, all.length - 1)]);
}

/** Press the visible control of a key: in the row one stands on, else (on a page without rows) anywhere. */
function press(key) {
  const row = here();
  if (key === "u") return undo();
  const inRow = row && $$(`[data-key="${key}"]`, row).find(seen);
  const onPage = $$(`[data-key="${key}"]`).find((each) => seen(each) && !each.closest("[data-row]"));
  (inRow || onPage)?.click();
  return Boolean(inRow || onPage);
}

/** Press the newest button that undoes something, in whatever row it stands: one has moved on to the next. */
function undo() {
  const button = $$("[data-key=u]").filter(seen).at(-1);
  button?.click();
  return Boolean(button);
}

/** Go only where the navigation leads: the keys show nothing that the menus hide. */
function go(key) {
  const url = body.dataset[`go${key.toUpperCase()}`];
  const link = url && $$(".nav a, .menu a").find((each) => each.getAttribute("href") === url);
  if (link) location.assign(link.href);
}

/** Leaves what one is in: a search, the row one stands on, else a page that offers a way back; never typed text. */
function onEscape(field) {
  if ($("dialog[open], [popover]:popover-open")) return;
  const more = $("details.more[open]");
  if (more) {
    more.open = false;
    return $("summary", more).focus();
  }
  if (field?.type === "search") field.blur();
  if (here()) here().classList.remove("is-here");
  else if (body.dataset.shortcuts === "on" && (!field || field.matches("[type=radio], [type=checkbox]"))) $("a[data-escape]")?.click();
}

/* ---- Selecting rows: a box, `x` on the row one stands on, `Shift+x` for all from the last box to here ---- */

let lastBox = null;
const boxes = () => $$("[data-row] input[name=lead]");

function selectRange() {
  const all = boxes();
  const to = all.indexOf(here() && $("input[name=lead]", here()));
  const from = Math.max(0, all.indexOf(lastBox));
  if (to < 0) return;
  const on = lastBox ? lastBox.checked : true;
  for (const box of all.slice(Math.min(from, to), Math.max(from, to) + 1)) box.checked = on;
  lastBox = all[to];
  countSelected();
}

function countSelected() {
  const all = boxes();
  const count = all.filter((box) => box.checked).length;
  for (const box of all) box.closest("[data-row]").setAttribute("aria-selected", String(box.checked));
  const label = $("[data-selected]");
  if (label) label.textContent = $("[data-all]:checked") ? "" : fill(label.dataset.says, { n: count });
  for (const head of $$("[data-selects]")) {
    head.hidden = false;
    head.checked = count > 0 && count === all.length;
    head.indeterminate = count > 0 && count < all.length;
  }
}

function onSelect(target) {
  if (target.matches("[data-selects]")) for (const box of boxes()) box.checked = target.checked;
  else if (target.matches("[data-row] input[name=lead]")) lastBox = target;
  else if (!target.matches("[data-all]")) return;
  countSelected();
}

let leader = 0;
function onKey(event) {
  const { key } = event;
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  const field = event.target.closest?.("input:not([data-row] [type=checkbox]), select, textarea, [contenteditable]");
  if (key === "Escape") {
    return onEscape(field);
  }
  if (body.dataset.shortcuts !== "on" || field || $("dialog[open]")) return;
  if (leader && performance.now() - leader < 1500 && "qmld".includes(key)) {
    leader = 0;
    return go(key);
  }
  leader = key === "g" ? performance.now() : 0;
  const acts = {
    j: () => step(1),
    k: () => step(-1),
    "/": () => ($("main [data-search], main input[type=search]") ? $("main [data-search], main input[type=search]").focus() : $("[data-opens=palette]")?.click()),
    "?": () => open("keys", event.target),
    X: selectRange,
    Enter: () => event.target.closest("a, button, summary") || $("[data-open], a.nm, a", here() ?? undefined)?.click(),
  };
  if (key === "Enter" && !here()) return;
  if (acts[key]) acts[key]();
  else if (!/^[a-z[\]]$/.test(key) || !press(key)) return;
  // Enter on a box would send its form; here it opens the row.
  if (key !== "Enter" || event.target.matches("[data-row] [type=checkbox]")) event.preventDefault();
}

/* ---- Dialogs, menus, passwords, previews ---- */

function open(id, opener) {
  const dialog = document.getElementById(id);
  if (!dialog?.showModal || dialog.open) return;
  $$("[popover]:popover-open").forEach((menu) => menu.hidePopover());
  dialog.showModal();
  const first = $("[autofocus], [aria-invalid=true]", dialog) ?? $(".dlg-b :is(input:not([type=hidden]), select, textarea)", dialog);
  first?.focus();
  dialog.dispatchEvent(new CustomEvent("relevo:opened", { bubbles: true, detail: { opener } }));
}

/** A button of a row answers in the row's place; without htmx its form goes there whole. One press at a time. */
function inRow(event, button) {
  if (!window.htmx) return;
  event.preventDefault();
  button.disabled = true;
  const again = () => (button.disabled = false);
  htmx.ajax("POST", button.formAction, { source: button, target: button.closest("[data-row]"), swap: "outerHTML" }).then(again, again);
}

function onClick(event) {
  const target = event.target;
  const rowButton = target.closest("button[data-in-row]");
  if (rowButton) inRow(event, rowButton);
  const opener = target.closest("[data-opens]");
  if (opener) {
    event.preventDefault();
    open(opener.dataset.opens, opener);
  }
  const closer = target.closest("[data-closes]");
  if (closer) closer.dataset.closes === "toast" ? closer.closest(".toast").remove() : closer.closest("dialog")?.close();
  if (target.matches("dialog.dlg")) {
    const box = target.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside && !$("form", target)) target.close();
  }
  const eye = target.closest("[data-shows]");
  if (eye) showPassword(eye);
  const decision = target.closest("a[href]");
  if (decision && DECIDES.test(decision.pathname)) keepPlace(decision);
  const copier = target.closest("[data-copies]");
  if (copier) copy(copier);
  for (const more of $$("details.more[open]")) if (!more.contains(target)) more.open = false;
}

/** The middle button of the mouse opens what a button leads to in another tab, as it does for a link. */
function onMiddleClick(event) {
  const button = event.button === 1 && event.target.closest("button[data-new-tab]");
  if (!button) return;
  event.preventDefault();
  button.form.target = "_blank";
  button.form.requestSubmit(button);
  button.form.removeAttribute("target");
}

function showPassword(button) {
  const field = document.getElementById(button.dataset.shows);
  const shown = field.type === "password";
  field.type = shown ? "text" : "password";
  button.setAttribute("aria-pressed", String(shown));
  field.focus();
}

/** <button data-copies="id of a field" data-copied="Copied">; without the clipboard the text is selected, to copy by hand. */
async function copy(button) {
  const field = document.getElementById(button.dataset.copies);
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    toast(button.dataset.copied, "success");
  } catch {
    field.focus();
  }
}

/** Preferences show themselves before they are saved: <input name=theme data-previews="theme">. */
function onChange(event) {
  const { previews, submits } = event.target.dataset ?? {};
  if (previews) document.documentElement.dataset[previews] = event.target.value;
  if (submits !== undefined) event.target.form?.requestSubmit();
  onSelect(event.target);
}

/** What a new organisation's zone probably is. */
for (const field of $$("[data-zone]")) field.value ||= Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";

/* ---- Forms: once is enough ---- */

function onSubmit(event) {
  const form = event.target;
  if (event.defaultPrevented || form.method === "dialog" || form.matches("[data-again], [hx-post], [hx-get]")) return;
  if (form.method === "get" || form.target === "_blank") return;
  // After this turn, so that the pressed button's own name and value still travel.
  setTimeout(() => {
    for (const button of $$("button:not([type=button])", form)) {
      if (button.disabled) continue;
      button.disabled = true;
      button.dataset.sent = "";
    }
    form.setAttribute("aria-busy", "true");
  });
}

function reopenForms() {
  for (const button of $$("[data-sent]")) {
    button.disabled = false;
    delete button.dataset.sent;
  }
  for (const form of $$("form[aria-busy]")) form.removeAttribute("aria-busy");
}

/* ---- Cut off: without a connection, or signed out, nothing is sent and nothing typed is lost ---- */

const trouble = { offline: false, "signed-out": false };
let retry = 0;

/** Show or take away the banner of one trouble; buttons that write are held while there is any. */
function hold(name, on) {
  trouble[name] = on;
  const banner = document.getElementById(name);
  if (banner) banner.hidden = !on;
  const held = Object.values(trouble).some(Boolean);
  for (const button of $$("form[method=post] button:not([type=button])")) {
    if (held && !button.disabled) {
      button.disabled = true;
      button.dataset.off = "";
    } else if (!held && button.dataset.off !== undefined) {
      button.disabled = false;
      delete button.dataset.off;
    }
  }
}

/** Whether the server answers; while it does not, it is asked again every five seconds. */
function reach(answers) {
  if (trouble.offline === answers) hold("offline", !answers);
  clearTimeout(retry);
  if (!answers) retry = setTimeout(pulse, 5000);
}

/** Signed in again, in another tab: the forms of this page get the new token. Somebody else's page stays shut. */
function signedIn({ person, csrf }) {
  if (!trouble["signed-out"] || String(person) !== body.dataset.person) return;
  $("meta[name=csrftoken]").content = csrf;
  for (const field of $$("input[name=csrfmiddlewaretoken]")) field.value = csrf;
  hold("signed-out", false);
}

/* ---- The pulse: a tiny answer every 20 s. {version, now, counts: {queue, notices, …}, overdue} ---- */

let version = $("[data-new-rows]")?.dataset.version || null;
let forget = false;
let told = false; // some row was dimmed
let gone = false; // this page is being left

async function pulse() {
  const url = body.dataset.pollUrl;
  if (document.hidden) return;
  if (!url || !navigator.onLine) return reach(navigator.onLine);
  try {
    const answer = await fetch(url + asked(), { headers: { Accept: "application/json" }, credentials: "same-origin" });
    if (answer.status >= 500) throw new Error(answer.status);
    reach(true);
    if (answer.status === 401) return hold("signed-out", true);
    if (!answer.ok || answer.status === 204) return;
    const news = await answer.json();
    signedIn(news);
    if (body.dataset.live !== "off" || forget) take(news);
  } catch {
    if (!gone) reach(false);
  }
}

/** The rows that wait on this page, so that the answer can tell who took which. */
function asked() {
  if (!$("[data-new-rows]")) return "";
  const ids = $$("[data-row]:not(.is-gone)").map((row) => /^handoff-(\d+)$/.exec(row.id)?.[1]);
  return `?rows=${ids.filter(Boolean).slice(0, 100)}`;
}

/** A row that somebody else took stays where it is, dimmed, and says who and when. A focus in it stays in it. */
function dim(id, sentence) {
  const row = document.getElementById(`handoff-${id}`);
  if (!row || row.matches(".is-gone")) return 0;
  const focused = row.contains(document.activeElement);
  const label = document.createElement("span");
  label.className = "sub";
  label.tabIndex = -1;
  label.textContent = sentence;
  say(`${$(".nm", row)?.textContent.trim()}: ${sentence}`);
  $(".act", row)?.replaceChildren(label);
  for (const link of $$("a[href]", row)) {
    if (link.matches(".nm")) link.removeAttribute("href");
    else link.remove();
  }
  row.classList.add("is-gone");
  if (focused) label.focus();
  return 1;
}

/** A row whose step came too late: dimmed, and the keyboard goes on to the next one. */
function leave(id, sentence) {
  dim(id, sentence);
  here()?.classList.remove("is-here");
  moveOn();
}

function take(news) {
  if (news.now) offset = Date.parse(news.now) - Date.now();
  for (const [key, count] of Object.entries({ ...news.counts, overdue: news.overdue })) {
    const text = count ? Number(count).toLocaleString(body.dataset.region || document.documentElement.lang) : "";
    for (const place of $$(`[data-count="${CSS.escape(key)}"]`)) if (place.textContent !== text) place.textContent = text;
  }
  if (news.overdue !== undefined) {
    document.title = (news.overdue ? `(${news.overdue}) ` : "") + document.title.replace(/^\(\d+\) /, "");
  }
  const line = $("[data-new-rows]");
  if (forget && line) line.dataset.then = news.counts?.[line.dataset.key];
  if (version === null || forget) version = String(news.version);
  forget = false;
  const dimmed = Object.entries(news.gone ?? {}).reduce((sum, [id, sentence]) => sum + dim(id, sentence), 0);
  if (line) line.dataset.then = Number(line.dataset.then) - dimmed;
  told ||= dimmed > 0;
  if (String(news.version) !== version) tellOfRows(news);
}

function tellOfRows(news) {
  const line = $("[data-new-rows]");
  if (!line) return;
  const count = news.new ?? (news.counts?.[line.dataset.key] ?? 0) - Number(line.dataset.then || NaN);
  if (!count && told) return; // the dimmed rows say it all
  const pattern = count > 0 ? (count === 1 ? words.new_one : words.new_many) : words.changed;
  $("a", line).textContent = fill(pattern, { count });
  line.hidden = false;
}

/* ---- htmx: token, bar at the top, plain words when something fails ---- */

let waiting = 0;
let barTimer = 0;
let leaving = null;

function onRequest(event) {
  waiting += 1;
  event.detail.target?.setAttribute("aria-busy", "true");
  leaving = event.detail.elt.closest?.("[data-row].is-here")?.id ?? leaving;
  barTimer ||= setTimeout(() => $("#busy") && ($("#busy").hidden = false), 150);
}

function onAnswer(event) {
  waiting = Math.max(0, waiting - 1);
  event.detail.target?.removeAttribute("aria-busy");
  if (event.detail.requestConfig?.verb !== "get") {
    forget = true;
    pulse();
  }
  if (waiting) return;
  clearTimeout(barTimer);
  barTimer = 0;
  if ($("#busy")) $("#busy").hidden = true;
}

function listenToHtmx() {
  body.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = $("meta[name=csrftoken]").content;
  });
  body.addEventListener("htmx:beforeRequest", onRequest);
  body.addEventListener("htmx:afterRequest", onAnswer);
  body.addEventListener("htmx:afterSettle", settle);
  body.addEventListener("htmx:sendError", () => (toast(words.unsent), pulse()));
  body.addEventListener("htmx:responseError", ({ detail }) => (detail.xhr.status === 401 ? hold("signed-out", true) : toast(words.refused)));
  body.addEventListener("relevo:gone", ({ detail }) => leave(detail.id, detail.text));
  body.addEventListener("relevo:toast", (event) => toast(event.detail.text, event.detail.level ?? "success"));
}

/** After a row was answered the keyboard stands on the next one, or on the same one if nothing was decided. */
function moveOn() {
  const row = leaving && document.getElementById(leaving);
  leaving = null;
  if (!row || here()) return;
  const all = rows();
  const open = (each) => !each.matches(".is-gone");
  moveTo(open(row) ? row : (all.slice(all.indexOf(row)).find(open) ?? all.findLast(open) ?? row));
}

/** What a page or a new piece of it needs once: clocks right, toasts leaving, errors in focus, dialogs opened. */
function settle() {
  tickAll();
  for (const each of $$("[data-toast]:not([data-armed])")) {
    each.dataset.armed = "";
    arm(each);
  }
  for (const each of $$("[data-fleeting]:not([data-armed])")) {
    each.dataset.armed = "";
    setTimeout(() => each.remove(), Number(each.dataset.fleeting));
  }
  moveOn();
  const wrong = $("[data-focus]:not([data-focused])");
  if (wrong) {
    wrong.dataset.focused = "";
    wrong.focus();
  }
  const asked = $("dialog[data-open-now]");
  if (asked) {
    delete asked.dataset.openNow;
    open(asked.id);
  }
}

document.addEventListener("keydown", onKey);
document.addEventListener("click", onClick);
document.addEventListener("auxclick", onMiddleClick);
document.addEventListener("change", onChange);
document.addEventListener("submit", onSubmit);
document.addEventListener("focusin", (event) => {
  const row = event.target.closest?.("[data-keys=list] [data-row]");
  if (row && row !== here()) {
    here()?.classList.remove("is-here");
    row.classList.add("is-here");
  }
});
addEventListener("pageshow", () => ((gone = false), reopenForms(), countSelected()));
addEventListener("pagehide", () => (gone = true));
addEventListener("online", pulse);
addEventListener("offline", () => reach(false));
document.addEventListener("visibilitychange", () => document.hidden || (tickAll(), pulse()));
listenToHtmx();
settle();
takePlace();
if (!navigator.onLine) reach(false);
let beat = Date.now();
setInterval(() => {
  if (Date.now() - beat > 20000 && !document.hidden) pulse(); // the machine slept
  beat = Date.now();
  if (!document.hidden) tickAll();
}, 5000);
if (body.dataset.pollUrl) {
  if (version === null) setTimeout(pulse, 1500);
  setInterval(pulse, 20000);
}

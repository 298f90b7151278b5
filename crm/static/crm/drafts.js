/* What a person types and has not saved yet. Beside app.js; pages work without it.

   A page may have several forms, and saving one loads the page anew. Before that happens, the
   changed fields of all its forms are kept, and the next page that has those forms shows them
   again. A form with a field [data-draft] makes something new (a note, a comment, evidence): it
   is kept while the person types, and survives a reload, the back button and an error.

   Everything is in sessionStorage, one entry for each form, under person, address and id of the
   form. An entry goes when the server has saved the form, which the cookie "relevo_saved" says
   (crm.middleware.Viewer), when the person discards it, and at sign-out. */

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const person = document.body.dataset.person;
const ROOT = "relevo:";
const MINE = `${ROOT}${person}:`;
const LEFT = `${MINE}left`; // where the person was when the last form was sent
let pageOfForms = location.pathname;
const BEHIND = `${MINE}behind`; // drafts whose forms the page does not have any more
const SECURE = location.protocol === "https:";
const SAVED = SECURE ? "__Host-relevo_saved" : "relevo_saved";
const SECRET = /^(hidden|password|file|submit|button|reset|image|search)$/;
const words = JSON.parse($("#relevo-words")?.textContent || "{}");

/* ---- The store: the browser may forbid it, or have no room ---- */

function read(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key));
  } catch {
    return null;
  }
}

function write(key, value) {
  try {
    if (value === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Without a store nothing is kept, and everything else works.
  }
}

function forget(unless) {
  try {
    const keys = Object.keys(sessionStorage).filter((key) => key.startsWith(ROOT));
    for (const key of keys) if (!unless || !key.startsWith(unless)) sessionStorage.removeItem(key);
  } catch {
    // As above.
  }
}

/* ---- A form and its fields ---- */

const pathOf = (address) => new URL(address, location.href).pathname;
const addressOf = (form) => pathOf(form.getAttribute("action") || location.href);
const keyOf = (form) => `${MINE}${addressOf(form)}#${form.getAttribute("id") ?? ""}`;
const isDraft = (form) => form.matches("[data-draft]") || Boolean($("[data-draft]", form));

const writes = (form) => form.getAttribute("method")?.toLowerCase() === "post" || form.matches("[hx-post]");
const forms = () => $$("main form, dialog form").filter(writes);

/** The fields that a person types into, by name: {name: [fields]} as a Map. */
function fieldsOf(form) {
  const groups = new Map();
  for (const field of form.elements) {
    if (!field.name || !field.matches("input, select, textarea") || SECRET.test(field.type)) continue;
    if (field.autocomplete === "one-time-code") continue; // may be a recovery code
    groups.set(field.name, [...(groups.get(field.name) ?? []), field]);
  }
  return groups;
}

const ticks = (field) => field.type === "checkbox" || field.type === "radio";

/** The values of the fields of one name; `drawn`: those that the server wrote into the page. */
function valuesOf(fields, drawn) {
  return fields.flatMap((field) => {
    if (ticks(field)) return (drawn ? field.defaultChecked : field.checked) ? [field.value] : [];
    if (field.tagName !== "SELECT") return [drawn ? field.defaultValue : field.value];
    const options = [...field.options];
    const chosen = options.filter((each) => (drawn ? each.defaultSelected : each.selected));
    if (!chosen.length && !field.multiple && options.length) return [options[0].value];
    return chosen.map((each) => each.value);
  });
}

function fillIn(fields, values) {
  fields.forEach((field, at) => {
    if (ticks(field)) field.checked = values.includes(field.value);
    else if (field.tagName !== "SELECT") field.value = values[at] ?? "";
    else for (const each of field.options) each.selected = values.includes(each.value);
  });
}

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/* ---- Keep and restore ---- */

// Form -> the values before the person typed, where the page shows refused ones instead. A form
// that was looked at once has an entry.
const bases = new WeakMap();

/** The changed fields of a form: {name: {was: [values], now: [values]}}. */
function changesOf(form) {
  const changes = {};
  for (const [name, fields] of fieldsOf(form)) {
    const was = bases.get(form)?.[name] ?? valuesOf(fields, true);
    const now = valuesOf(fields, false);
    if (!same(was, now)) changes[name] = { was, now };
  }
  return changes;
}

function keep(form) {
  if (!fieldsOf(form).size) return;
  const changes = changesOf(form);
  write(keyOf(form), Object.keys(changes).length ? changes : null);
}

/** Show again what was kept. Where the server shows another value than then, its value stays. */
function restore(form) {
  const changes = read(keyOf(form)) ?? {};
  const draft = isDraft(form);
  const base = {};
  let restored = false;
  for (const [name, fields] of fieldsOf(form)) {
    const change = changes[name];
    if (!change) continue;
    const drawn = valuesOf(fields, true);
    // A refused form shows what was typed; what it was before is known from here alone.
    if (same(drawn, change.now)) base[name] = change.was;
    const isFree = draft || same(drawn, change.was);
    if (!isFree || same(valuesOf(fields, false), change.now)) continue;
    fillIn(fields, change.now);
    restored ||= same(valuesOf(fields, false), change.now);
  }
  bases.set(form, { ...bases.get(form), ...base });
  if (!draft) write(keyOf(form), null);
  if (restored) mark(form);
}

/** After a swap: a form that stayed has what was typed; a part of it may be new on purpose. */
function restoreNew(form) {
  if (!bases.has(form)) restore(form);
  else if (!isDraft(form)) write(keyOf(form), null);
}

/** Say that the form shows a restored draft, with a button that takes it away. */
function mark(form) {
  for (let fold = form.closest("details"); fold; fold = fold.parentElement.closest("details")) {
    fold.open = true;
  }
  if ($("[data-restored]", form)) return;
  const line = document.createElement("p");
  line.className = "sub draft";
  line.dataset.restored = "";
  const discard = document.createElement("button");
  discard.type = "button";
  discard.className = "lnk";
  discard.textContent = words.discard_draft;
  discard.addEventListener("click", () => clear(form));
  line.append(`${words.restored_draft} – `, discard);
  form.prepend(line);
}

/** Take a draft away: the fields show again what the server drew. */
function clear(form) {
  for (const fields of fieldsOf(form).values()) fillIn(fields, valuesOf(fields, true));
  drop(form);
  firstField(form)?.focus();
}

function drop(form) {
  write(keyOf(form), null);
  $("[data-restored]", form)?.remove();
}

/** What stands in the form now, as a base for later changes. */
function standing(form) {
  return Object.fromEntries([...fieldsOf(form)].map(([name, fields]) => [name, valuesOf(fields, false)]));
}

/* ---- Drafts without a form: a handed-off lead, say, takes no more evidence from marketing ---- */

/** What is typed into a draft, each with its label. */
function textsOf(form) {
  const groups = fieldsOf(form);
  const typed = Object.keys(changesOf(form)).flatMap((name) => groups.get(name));
  const written = typed.filter((field) => !ticks(field) && field.tagName !== "SELECT" && field.value.trim());
  return written.map((field) => `${field.labels?.[0]?.textContent.trim() ?? field.name}: ${field.value.trim()}`);
}

const draftsBeside = (form) =>
  forms()
    .filter((each) => each !== form && isDraft(each))
    .map((each) => ({ key: keyOf(each), texts: textsOf(each) }))
    .filter(({ texts }) => texts.length);

/** Show the drafts of the page before that have no form here, so that nothing vanishes in silence. */
function showLeftBehind() {
  const behind = read(BEHIND);
  if (behind?.page !== location.pathname) return;
  const here = forms().map(keyOf);
  const left = behind.drafts.filter(({ key }) => read(key) && !here.includes(key));
  if (!left.length) return write(BEHIND, null);
  const box = document.createElement("div");
  box.className = "note note--warn behind";
  box.tabIndex = -1;
  box.dataset.focus = "";
  box.append(`${words.left_behind} `);
  const list = document.createElement("ul");
  list.className = "dots";
  for (const text of left.flatMap(({ texts }) => texts)) {
    list.append(Object.assign(document.createElement("li"), { textContent: text }));
  }
  const discard = document.createElement("button");
  discard.type = "button";
  discard.className = "lnk";
  discard.textContent = words.discard_draft;
  discard.addEventListener("click", () => {
    for (const { key } of left) write(key, null);
    write(BEHIND, null);
    box.remove();
  });
  box.append(list, discard);
  $("main").prepend(box);
  box.focus();
}

/* ---- The place on the page, and the next field ---- */

const shown = (element) => element.offsetParent !== null && !element.disabled;

/** The first field in which something is typed, else the first one. */
function firstField(form) {
  const groups = fieldsOf(form);
  const typed = Object.keys(changesOf(form)).map((name) => groups.get(name));
  return [...typed, ...groups.values()].flat().find((field) => shown(field) && !field.readOnly);
}

/** Where to type or press next in a form: its first field, else the fold around it, else its button. */
function entryOf(form) {
  const fold = form.closest("details:not([open])");
  return firstField(form) ?? [$("summary", fold ?? form), $("button", form)].find((each) => each && shown(each));
}

const panelOf = (form) => form.closest("section, .panel, .card");

/** The next form with something typed; else the next one of the panel to type in; else the same; or null. */
function nextForm(sent) {
  const all = forms();
  const at = all.findIndex((form) => keyOf(form) === sent.form);
  const isTyped = (form) => $("[data-restored]", form);
  const typed = all.slice(sent.place + 1).find(isTyped) ?? all.find(isTyped);
  if (typed) return typed;
  // The form is gone, and another one has its place: it may only be one to type in, of the same
  // panel. Enter would press a button that nobody chose.
  if (at < 0) return all[sent.place] && fieldsOf(all[sent.place]).size && panelOf(all[sent.place])?.id === sent.panel ? all[sent.place] : null;
  const panel = panelOf(all[at]);
  const isNear = (form) => panel?.contains(form) && fieldsOf(form).size && entryOf(form);
  const near = fieldsOf(all[at]).size ? all.slice(at + 1).find(isNear) : null;
  return near ?? all[at];
}

/** The panel in which the form was, if there is one still: it says what became of the step. */
function panelAfter(sent) {
  const panel = sent.panel ? document.getElementById(sent.panel) : null;
  if (panel) panel.tabIndex = -1;
  return panel;
}

/** Go back to where the person was when the form was sent, unless the page says where to go. */
function goBack(sent) {
  const form = forms().find((each) => keyOf(each) === sent.form);
  if (sent.page !== location.pathname && !form) return;
  // A refused form is shown at its own address; when it is sent again, the person comes from here.
  pageOfForms = sent.page;
  if (location.hash || $("[data-focus]")) return;
  scrollTo({ top: sent.top, behavior: "instant" });
  // A field in focus opens the keyboard of a phone over the page.
  if ($("main [autofocus]") || matchMedia("(pointer: coarse)").matches) return;
  const wrong = form && $("[aria-invalid=true]", form);
  const next = wrong ? null : nextForm(sent);
  const there = wrong ?? (next && entryOf(next)) ?? panelAfter(sent);
  there?.focus({ preventScroll: true });
}

/* ---- What happens ---- */

function onSubmit(event) {
  const form = event.target;
  if (form.matches("[data-signs-out]")) return signOut();
  if (!person || event.defaultPrevented || !writes(form)) return;
  const all = forms();
  all.forEach(keep);
  write(LEFT, {
    form: keyOf(form),
    to: pathOf(event.submitter?.getAttribute("formaction") || addressOf(form)),
    page: pageOfForms,
    place: all.indexOf(form),
    panel: panelOf(form)?.id,
    drafts: draftsBeside(form),
    top: scrollY,
  });
}

/** Take the cookie that says which address has saved a form; empty if none. */
function takeSaved() {
  const found = document.cookie.split("; ").find((each) => each.startsWith(`${SAVED}=`));
  if (!found) return "";
  document.cookie = `${SAVED}=; path=/; max-age=0; samesite=lax${SECURE ? "; secure" : ""}`;
  return decodeURIComponent(found.slice(SAVED.length + 1).replaceAll('"', ""));
}

/** After a form was sent: a saved one is forgotten, all others are shown again. */
function arrive() {
  const sent = read(LEFT);
  write(LEFT, null);
  const isSaved = sent && takeSaved() === decodeURIComponent(sent.to);
  if (isSaved) write(sent.form, null);
  if (isSaved && sent.drafts.length && sent.page.startsWith(location.pathname)) {
    write(BEHIND, { page: location.pathname, drafts: sent.drafts });
  }
  forms().forEach(restore);
  showLeftBehind();
  if (sent) goBack(sent);
}

const channel = "BroadcastChannel" in window ? new BroadcastChannel("relevo") : null;

/** Forget everything, in the other tabs, too. */
function signOut() {
  forget();
  channel?.postMessage("signed-out");
}

channel?.addEventListener("message", () => forget());
document.addEventListener("submit", onSubmit);

if (person) {
  forget(MINE);
  document.addEventListener("input", ({ target }) => {
    if (target.form && writes(target.form) && isDraft(target.form)) keep(target.form);
  });
  // A piece of the page that htmx replaces takes its forms with it.
  document.body.addEventListener("htmx:beforeSwap", () => forms().forEach(keep));
  document.body.addEventListener("htmx:afterSettle", () => forms().forEach(restoreNew));
  document.body.addEventListener("htmx:beforeOnLoad", ({ detail }) => {
    const form = detail.elt.closest?.("form");
    const isSaved = detail.requestConfig?.verb !== "get" && detail.xhr.status < 400;
    if (form && isSaved) bases.set(form, standing(form));
  });
  arrive();
}

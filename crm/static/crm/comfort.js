/* Comfort beside app.js: the palette (Ctrl K), keys of this page in the help overlay, the zone of the device. */

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const words = JSON.parse($("#relevo-words")?.textContent || "{}");
const fill = (pattern, values) => (pattern || "").replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().trim();
const seen = (element) => element.offsetParent !== null && !element.disabled;

/** What a control says, without what is meant for screen readers only. */
function textOf(control) {
  const copy = control.cloneNode(true);
  for (const each of $$(".vh, kbd, svg", copy)) each.remove();
  return copy.textContent.trim() || control.getAttribute("aria-label") || "";
}

/** The controls with a key that would act now: {key: control}, those of the row one stands on (or the first) first. */
function keyed() {
  const row = $("[data-row].is-here") ?? $("[data-keys=list] [data-row]:not(.is-gone)");
  const inRow = row ? $$("[data-key]", row) : [];
  const found = {};
  for (const each of [...inRow, ...$$("[data-key]").filter((each) => !each.closest("[data-row]"))]) {
    if (seen(each)) found[each.dataset.key] ??= each;
  }
  return found;
}

/* ---- The palette: a combobox over pages, what can be done here, and leads that the server finds ---- */

const palette = $("#palette");
const box = palette && $("input[name=q]", palette);
const all = palette && $("#search-all");
let chosen = false; // by an arrow, else the first is proposed
const options = () => $$("[role=option]:not([aria-disabled])", palette).filter((each) => !each.hidden);

function select(option) {
  for (const each of $$("[aria-selected=true]", palette)) each.setAttribute("aria-selected", "false");
  box.removeAttribute("aria-activedescendant");
  if (!option) return;
  option.setAttribute("aria-selected", "true");
  box.setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

function narrow() {
  const query = box.value.trim();
  const wanted = fold(query);
  let commands = 0;
  for (const each of $$("#acts > *, #goes > *", palette)) {
    each.hidden = !fold(each.dataset.says ?? each.textContent).includes(wanted);
    commands += each.hidden ? 0 : 1;
  }
  all.hidden = !query;
  all.href = `${box.form.action}?q=${encodeURIComponent(query)}`;
  $("span", all).textContent = fill(commands ? words.find : words.find_only, { query });
  if (!query) $("#found").replaceChildren();
  chosen = false;
  select(query ? options()[0] : null);
}

/** Offer what the keys of this page do; the control itself is pressed, so nothing is possible that it is not. */
function offerActs() {
  const acts = Object.entries(keyed()).map(([key, control]) => {
    const option = document.createElement("button");
    Object.assign(option, { type: "button", className: "hit", id: `act-${key}`, tabIndex: -1 });
    option.dataset.says = textOf(control); // a lead's name leads to the lead, never to a step
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    const label = document.createElement("span");
    const name = $(".nm", control.closest("[data-row]") ?? undefined)?.textContent.trim();
    label.className = "grow";
    label.textContent = control.closest("[data-row]") && name ? `${textOf(control)}: ${name}` : textOf(control);
    const cap = document.createElement("kbd");
    cap.textContent = key;
    option.append(label, cap);
    option.addEventListener("click", () => (palette.close(), control.click()));
    return option;
  });
  $("#acts").replaceChildren(...acts);
}

function onPaletteKey(event) {
  const { key } = event;
  const listed = options();
  const at = listed.findIndex((each) => each.getAttribute("aria-selected") === "true");
  if (key === "ArrowDown") select(listed[(at + 1) % listed.length]);
  else if (key === "ArrowUp") select(listed[at > 0 ? at - 1 : listed.length - 1]);
  else if (key === "Enter" && at >= 0 && !event.isComposing) listed[at].click();
  else return;
  chosen = true;
  event.preventDefault();
}

if (palette) {
  box.addEventListener("input", narrow);
  box.addEventListener("keydown", onPaletteKey);
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    if (palette.open) palette.close();
    else $("[data-opens=palette]").click();
  });
  palette.addEventListener("relevo:opened", () => (offerActs(), narrow(), box.select()));
  palette.addEventListener("htmx:afterSettle", () => {
    if (!chosen) select(box.value.trim() ? options()[0] : null);
    $("#palette-say").textContent = fill(words.results, { count: options().length });
  });
  // What was found for an older text than the one that stands there now is not shown.
  palette.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.requestConfig.parameters.q?.trim() !== box.value.trim()) event.detail.shouldSwap = false;
  });
}

/* ---- Help overlay: the keys of this page, read off its controls ---- */

$("#keys")?.addEventListener("relevo:opened", () => {
  for (const each of $$("#keys [data-when]")) each.hidden = !$$(each.dataset.when).some(seen);
  const rows = Object.entries(keyed()).map(([key, control]) => {
    const row = document.createElement("div");
    const term = document.createElement("dt");
    const cap = document.createElement("kbd");
    const meaning = document.createElement("dd");
    cap.textContent = key;
    meaning.textContent = control.title || textOf(control);
    term.append(cap);
    row.append(term, meaning);
    row.dataset.own = "";
    return row;
  });
  for (const old of $$("#keys [data-own]")) old.remove();
  $("#keys dl").prepend(...rows);
});

/* ---- Comparing two versions: typing into one's own value chooses it ---- */

document.addEventListener("input", (event) => {
  const radio = event.target.matches?.("[data-picks]") && $("input[type=radio]", event.target.closest(".pick"));
  if (radio) radio.checked = true;
});

/* ---- A device in another zone than the organisation, offered once and only where the clocks differ ---- */

const offer = $("#zone-offer");
if (offer) {
  const device = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
  const home = offer.dataset.zone;
  const clocks = (timeZone) => [0, 182].map((days) => new Date(Date.now() + days * 864e5).toLocaleString("en", { timeZone })).join();
  const cities = JSON.parse($("#relevo-cities").textContent);
  const city = (zone) => cities[zone] ?? zone.split("/").pop().replaceAll("_", " ");
  if (/^(America|Atlantic|Europe|Pacific|Africa|Asia|Australia|Indian)\//.test(device) && clocks(device) !== clocks(home)) {
    const [use] = $$("button", offer);
    $("span", offer).textContent = fill(words.other_zone, { device: city(device), organisation: city(home) });
    use.value = device;
    use.textContent = fill(words.use_zone, { device: city(device) });
    offer.hidden = false;
  }
}

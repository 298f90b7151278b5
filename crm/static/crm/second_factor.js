/* Passkeys (WebAuthn) and printing recovery codes. The server asks by JSON in the page (#passkey-options), the browser's
   answer goes back in the form's hidden field "credential". */

const $ = (selector, root = document) => root.querySelector(selector);

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const keys = (list) => list?.map((key) => ({ ...key, id: bytes(key.id) }));

/** The options as the browser wants them: bytes where JSON has base64url. */
function decoded(options) {
  const wanted = { ...options, challenge: bytes(options.challenge) };
  if (options.user) wanted.user = { ...options.user, id: bytes(options.user.id) };
  if (options.excludeCredentials) wanted.excludeCredentials = keys(options.excludeCredentials);
  if (options.allowCredentials) wanted.allowCredentials = keys(options.allowCredentials);
  return wanted;
}

/** The answer as JSON has it. */
function encoded(credential) {
  const response = { clientDataJSON: text(credential.response.clientDataJSON) };
  for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[part]) response[part] = text(credential.response[part]);
  }
  return {
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

async function ask(form) {
  const options = JSON.parse($("#passkey-options").textContent);
  const publicKey = decoded(options.publicKey ?? options);
  const ways = navigator.credentials;
  const credential = form.dataset.passkey === "create" ? await ways.create({ publicKey }) : await ways.get({ publicKey });
  $("[name=credential]", form).value = JSON.stringify(encoded(credential));
}

/** Show why there is no passkey: "missing" in this browser, or "refused"; nothing hides both. */
function show(form, trouble) {
  for (const note of form.querySelectorAll("[data-passkey-trouble]")) note.hidden = note.dataset.passkeyTrouble !== trouble;
}

async function press(event, form) {
  event.preventDefault();
  const name = $("[name=name]", form);
  if (name && !name.value.trim()) return form.submit(); // the server says what is missing
  show(form, "");
  try {
    await ask(form);
  } catch (error) {
    console.info(`passkey: ${error.name}`);
    return show(form, "refused");
  }
  form.submit();
}

const form = $("form[data-passkey]");
if (form) {
  const button = $("[data-passkey-button]", form);
  if (window.PublicKeyCredential && navigator.credentials) {
    button.hidden = false;
    button.addEventListener("click", (event) => press(event, form));
    // Enter in the field of the name presses the button as well; in other forms it sends the code.
    if (form.dataset.passkey === "create") form.addEventListener("submit", (event) => press(event, form));
  } else if (form.dataset.passkey === "create") {
    button.disabled = true;
    show(form, "missing");
  }
}

const printer = $("[data-prints]");
if (printer) {
  printer.hidden = false;
  printer.addEventListener("click", () => window.print());
}

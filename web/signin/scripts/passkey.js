// Asks the browser for a passkey, or for a new one, and sends its answer with the form.
"use strict";

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const credentials = (list) => (list || []).map((c) => ({ ...c, id: bytes(c.id) }));

async function get(o) {
  const c = await navigator.credentials.get({ publicKey: { ...o, challenge: bytes(o.challenge), allowCredentials: credentials(o.allowCredentials) } });
  const r = c.response;
  return { clientDataJSON: text(r.clientDataJSON), authenticatorData: text(r.authenticatorData), signature: text(r.signature), userHandle: r.userHandle ? text(r.userHandle) : null, c };
}

async function create(o) {
  const c = await navigator.credentials.create({
    publicKey: { ...o, challenge: bytes(o.challenge), user: { ...o.user, id: bytes(o.user.id) }, excludeCredentials: credentials(o.excludeCredentials) },
  });
  const r = c.response;
  return { clientDataJSON: text(r.clientDataJSON), attestationObject: text(r.attestationObject), transports: r.getTransports ? r.getTransports() : [], c };
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const button = form.querySelector("button");
  const said = form.querySelector("[role=status]");
  button.disabled = false;
  form.addEventListener("submit", async (event) => {
    if (form.answer.value) return;
    event.preventDefault();
    button.disabled = true;
    said.textContent = "Your browser asks for the passkey now.";
    try {
      const ask = form.dataset.passkey === "create" ? create : get;
      const { c, ...response } = await ask(JSON.parse(form.dataset.options));
      form.answer.value = JSON.stringify({ id: c.id, rawId: text(c.rawId), type: c.type, authenticatorAttachment: c.authenticatorAttachment, clientExtensionResults: c.getClientExtensionResults(), response });
      form.submit();
    } catch (e) {
      button.disabled = false;
      said.textContent = "Nothing came of it (" + e.name + "). Try again, or go another way.";
    }
  });
}

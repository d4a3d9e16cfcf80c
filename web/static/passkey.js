// passkey.js: lets the browser ask for a passkey. It is loaded on the pages that offer one.
// A button says what for: data-passkey is "get" or "create", data-to where its two steps lie.
// Without a browser that can do it, the button sends its form, and the answer explains.
"use strict";

async function send(path, body) {
  const res = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  if (res.redirected) { location.assign(res.url); throw new Error("elsewhere"); }
  if (!res.ok) throw new Error(String(res.status));
  return res.json();
}

async function ask(button) {
  const to = button.dataset.to;
  const { publicKey } = await send(to + "/begin", {});
  const credential = button.dataset.passkey === "create"
    ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) })
    : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) });
  const name = button.form.elements.passkey;
  const next = await send(to + "/finish", { name: name ? name.value : "", response: credential.toJSON() });
  location.assign(next.to);
}

document.addEventListener("click", async (e) => {
  const button = e.target.closest("button[data-passkey]");
  if (!button || !window.PublicKeyCredential || !PublicKeyCredential.parseRequestOptionsFromJSON) return;
  e.preventDefault();
  const said = (name) => { for (const p of button.form.querySelectorAll("[data-said]")) p.hidden = p.dataset.said !== name; };
  said("");
  button.disabled = true;
  try {
    await ask(button);
  } catch (err) {
    if (err.message !== "elsewhere") said(err.message === "429" ? "wait" : "failed");
  }
  button.disabled = false;
});

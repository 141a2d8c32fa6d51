// The card's script (core/assets/web-eid.js) against an extension that speaks as Web eID's does; run by tests/it (`card`).
// Usage: node web_eid_script.mjs path/to/web-eid.js
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

const script = readFileSync(process.argv[2], "utf8");
const HERE = "https://idp.example.org";
// The script's spans, without waiting for them.
const soon = (what, after) => setTimeout(what, Math.min(after / 100, 60));

// A page with one button; what it shows and does after the button was pressed.
async function pressed(extension, server) {
  const [listeners, did] = [[], []];
  const page = { shown: "", hidden: true };
  let press;
  const button = { addEventListener: (_, what) => (press = what), focus: () => {} };
  const progress = { set textContent(text) { page.shown = text; } };
  const element = {
    dataset: { challenge: "/eid/challenge?i=1", login: "/eid/login?i=1" },
    set hidden(hidden) { page.hidden = hidden; },
    querySelector(selector) {
      if (selector === "button") return button;
      if (selector === ".progress") return progress;
      // Words that a page does not have are those of other problems.
      const name = selector.match(/"(.*)"/)[1];
      return name === "csrf_token" ? null : { textContent: name };
    },
  };
  const window = {
    isSecureContext: true,
    addEventListener: (_, hear) => listeners.push(hear),
    removeEventListener: (_, hear) => listeners.splice(listeners.indexOf(hear), 1),
    postMessage(message, target) {
      did.push(["asked", message, target]);
      const answer = (data, origin = HERE, source = window) =>
        setTimeout(() => [...listeners].forEach((hear) => hear({ source, origin, data })), 0);
      extension?.(message, answer);
    },
  };
  const world = {
    window,
    location: { origin: HERE, assign: (to) => did.push(["went", to]) },
    CSS: { escape: (text) => text },
    document: {
      documentElement: { lang: "sr-Latn" },
      querySelector: () => ({ content: "token" }),
      querySelectorAll: (selector) => (selector === "[data-card]" ? [element] : []),
    },
    fetch: async (url, request) => {
      did.push(["sent", request.method, url, request.headers["X-CSRF-Token"], request.body]);
      return server(url);
    },
    setTimeout: soon,
    clearTimeout,
  };
  new Function(...Object.keys(world), script)(...Object.values(world));
  await press();
  return { ...page, did, listening: listeners.length };
}

const answer = (json, status = 200) => ({ ok: status < 400, status, json: async () => json });
const server = (url) => answer(url.includes("challenge") ? { nonce: "N".repeat(44) } : { next: "/authorize/resume?i=1" });
const refusing = (problem, status) => (url) =>
  url.includes("challenge") ? server(url) : answer({ type: `urn:signum:problem:${problem}`, request_id: "0123" }, status);
const token = { unverifiedCertificate: "C", algorithm: "ES384", signature: "S", format: "web-eid:1.1", unverifiedSigningCertificates: [{}] };
const card = ({ action }, send) => {
  send({ action: `${action}-ack` });
  send({ action: `${action}-success`, ...token });
};
const failing = (code) => ({ action }, send) => {
  send({ action: `${action}-ack` });
  send({ action: `${action}-failure`, error: { code, message: "x" } });
};

const good = await pressed(card, server);
const [challenge, asked, sent, went] = good.did;
assert.deepEqual(challenge, ["sent", "GET", "/eid/challenge?i=1", "token", undefined]);
assert.equal(asked[1].action, "web-eid:authenticate");
assert.equal(asked[1].challengeNonce, "N".repeat(44));
assert.equal(asked[2], HERE, "nobody else's page hears the challenge");
assert.deepEqual(sent.slice(0, 4), ["sent", "POST", "/eid/login?i=1", "token"]);
assert.deepEqual(JSON.parse(sent[4]), token, "the whole token, whatever its version has");
assert.deepEqual(went, ["went", "/authorize/resume?i=1"]);
assert.ok(!good.hidden && good.listening === 0);

const forged = ({ action }, send) => send({ action: `${action}-success`, ...token }, "https://evil.example.org");
const framed = ({ action }, send) => send({ action: `${action}-success`, ...token }, HERE, {});
for (const [name, extension, from, words] of [
  ["no extension", undefined, server, "extension"],
  ["another origin's answer", forged, server, "extension"],
  ["another window's answer", framed, server, "extension"],
  ["cancelled", failing("ERR_WEBEID_USER_CANCELLED"), server, "cancelled"],
  ["no program", failing("ERR_WEBEID_NATIVE_UNAVAILABLE"), server, "program"],
  ["old program", failing("ERR_WEBEID_VERSION_MISMATCH"), server, "version"],
  ["too slow", failing("ERR_WEBEID_USER_TIMEOUT"), server, "timeout"],
  ["anything else", failing("ERR_WEBEID_NATIVE_FATAL"), server, "failed"],
  ["silent after its acknowledgement", ({ action }, send) => send({ action: `${action}-ack` }), server, "timeout"],
  ["refused", card, refusing("card_revoked", 403), "card_revoked (reference: 0123)"],
  ["an old page", card, refusing("csrf_token", 403), "expired (reference: 0123)"],
]) {
  const { shown, did, listening } = await pressed(extension, from);
  assert.equal(shown, words, name);
  assert.ok(!did.some(([what]) => what === "went") && listening === 0, name);
}
console.log("ok");

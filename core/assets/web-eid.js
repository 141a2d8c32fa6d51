// The eID card's button and the look at a card's way, by the message contract of the Web eID browser extension. Every word shown
// comes from the page, none from here.

const csrf = document.querySelector('meta[name="csrf"]')?.content ?? "";

// Browsers load the extension's part of the page a moment after the page; then it has this long to say that it is there.
const LOADING = 1000;
const HANDSHAKE = 1000;
const STATUS = 5000;
const PIN = 2 * 60 * 1000;
const VERSION = "2.1.0";

const WORDS = {
  ERR_WEBEID_USER_CANCELLED: "cancelled",
  ERR_WEBEID_USER_TIMEOUT: "timeout",
  ERR_WEBEID_ACTION_TIMEOUT: "timeout",
  ERR_WEBEID_EXTENSION_UNAVAILABLE: "extension",
  ERR_WEBEID_NATIVE_UNAVAILABLE: "program",
  ERR_WEBEID_VERSION_MISMATCH: "version",
  ERR_WEBEID_VERSION_INVALID: "version",
  ERR_WEBEID_CONTEXT_INSECURE: "insecure",
};

class Refusal extends Error {
  constructor(words, reference) {
    super([words].flat()[0]);
    this.words = words;
    this.reference = reference;
  }
}

const loaded = new Promise((resolve) => setTimeout(resolve, LOADING));

// One question to the extension: acknowledged at once, answered when its program is done.
async function ask(action, members, patience) {
  if (!window.isSecureContext) throw new Refusal("insecure");
  await loaded;
  return new Promise((resolve, reject) => {
    let timer = setTimeout(() => end(reject, new Refusal("extension")), HANDSHAKE);
    function end(settle, value) {
      clearTimeout(timer);
      window.removeEventListener("message", hear);
      settle(value);
    }
    function hear({ source, origin, data }) {
      if (source !== window || origin !== location.origin) return;
      if (data?.action === `${action}-ack`) {
        clearTimeout(timer);
        timer = setTimeout(() => end(reject, new Refusal("timeout")), patience);
      } else if (data?.action === `${action}-success`) {
        end(resolve, data);
      } else if (data?.action === `${action}-failure`) {
        end(reject, new Refusal(WORDS[data.error?.code] ?? "failed"));
      }
    }
    window.addEventListener("message", hear);
    window.postMessage({ action, libraryVersion: VERSION, ...members }, location.origin);
  });
}

async function call(url, body) {
  const headers = { Accept: "application/json", "X-CSRF-Token": csrf };
  if (body) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(url, { method: body ? "POST" : "GET", credentials: "same-origin", headers, body });
  } catch {
    throw new Refusal("network");
  }
  const json = await answer.json().catch(() => ({}));
  if (answer.ok) return json;
  const code = String(json.type ?? "").replace("urn:signum:problem:", "");
  const general = answer.status === 410 || answer.status === 403 ? "expired" : "server";
  throw new Refusal([code, general], json.request_id);
}

function words(element, names) {
  for (const name of [names].flat()) {
    const found = name && element.querySelector(`[data-message="${CSS.escape(name)}"]`);
    if (found) return found.textContent;
  }
  return "";
}

function enliven(element) {
  const button = element.querySelector("button");
  const progress = element.querySelector(".progress");
  const { challenge, login } = element.dataset;
  const show = (names, state, reference) => {
    element.dataset.state = state;
    progress.textContent =
      words(element, names) + (reference ? ` (${words(element, "reference")}: ${reference})` : "");
  };

  async function go() {
    show("working", "busy");
    const { nonce } = await call(challenge);
    show("waiting", "busy");
    const options = { lang: document.documentElement.lang.slice(0, 2) };
    const { action, ...token } = await ask("web-eid:authenticate", { challengeNonce: nonce, options }, PIN);
    show("finishing", "busy");
    const { next } = await call(login, JSON.stringify(token));
    location.assign(next ?? "/");
  }

  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await go();
    } catch (error) {
      show(error instanceof Refusal ? error.words : "failed", "failed", error?.reference);
      button.disabled = false;
      button.focus();
    }
  });
  element.hidden = false;
}

// Says which piece of the card's way is missing: the extension, its program, or neither.
async function look(element) {
  const show = (name) => {
    element.querySelector(".progress").textContent = words(element, name);
    element.dataset.state = name === "good" ? "good" : "failed";
  };
  try {
    await ask("web-eid:status", {}, STATUS);
    show("good");
  } catch (error) {
    show(error instanceof Refusal ? error.words : "failed");
  }
}

document.querySelectorAll("[data-card]").forEach(enliven);
document.querySelectorAll("[data-card-look]").forEach(look);

// Passkey buttons (W3C WebAuthn Level 3). Every word shown comes from the page, none from here.

const csrf = document.querySelector('meta[name="csrf"]')?.content ?? "";

class Refusal extends Error {
  constructor(name, reference) {
    super(name);
    this.words = name;
    this.reference = reference;
  }
}

async function post(url, body) {
  let answer;
  try {
    answer = await fetch(url, {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": csrf },
      body: JSON.stringify(body ?? {}),
    });
  } catch {
    throw new Refusal("network");
  }
  const json = await answer.json().catch(() => ({}));
  if (answer.ok) return json;
  const code = String(json.type ?? "").replace("urn:signum:problem:", "");
  const general = answer.status >= 500 ? "server" : [404, 409, 410].includes(answer.status) ? "expired" : "refused";
  throw new Refusal([code, general], json.request_id);
}

const bytes = (text) => {
  const base64 = text.replace(/-/g, "+").replace(/_/g, "/");
  return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)).buffer;
};

const text = (buffer) =>
  buffer == null
    ? undefined
    : btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const named = (list) => (list ?? []).map((entry) => ({ ...entry, id: bytes(entry.id) }));

// Browsers before parseCreationOptionsFromJSON and parseRequestOptionsFromJSON.
function parse(kind, options) {
  const parser = globalThis.PublicKeyCredential?.[kind === "create" ? "parseCreationOptionsFromJSON" : "parseRequestOptionsFromJSON"];
  if (parser) return parser.call(PublicKeyCredential, options);
  const parsed = { ...options, challenge: bytes(options.challenge) };
  if (kind === "create") {
    parsed.user = { ...options.user, id: bytes(options.user.id) };
    parsed.excludeCredentials = named(options.excludeCredentials);
  } else {
    parsed.allowCredentials = named(options.allowCredentials);
  }
  return parsed;
}

// Browsers before PublicKeyCredential.toJSON.
function toJson(credential) {
  if (typeof credential.toJSON === "function") return credential.toJSON();
  const from = credential.response;
  const response = { clientDataJSON: text(from.clientDataJSON) };
  if (from.attestationObject) {
    response.attestationObject = text(from.attestationObject);
    response.transports = from.getTransports?.() ?? [];
  } else {
    response.authenticatorData = text(from.authenticatorData);
    response.signature = text(from.signature);
    response.userHandle = text(from.userHandle);
  }
  return {
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
    clientExtensionResults: credential.getClientExtensionResults(),
    response,
  };
}

function wordsFor(error) {
  if (error instanceof Refusal) return error.words;
  switch (error?.name) {
    case "NotAllowedError":
    case "AbortError":
      return "cancelled";
    case "InvalidStateError":
      return "exists";
    case "SecurityError":
      return "insecure";
    case "NotSupportedError":
    case "ConstraintError":
      return "unsupported";
    default:
      return "server";
  }
}

function enliven(element) {
  const button = element.querySelector("button");
  const progress = element.querySelector(".progress");
  const kind = element.dataset.passkey;
  const message = (names) => {
    for (const name of [names].flat()) {
      const found = name && element.querySelector(`[data-message="${CSS.escape(name)}"]`);
      if (found) return found.textContent;
    }
    return "";
  };
  const show = (names, state, reference) => {
    element.dataset.state = state;
    progress.textContent = message(names) + (reference ? ` (${message("reference")}: ${reference})` : "");
  };

  async function go() {
    if (!globalThis.PublicKeyCredential || !navigator.credentials) throw new Refusal("unsupported");
    show("working", "busy");
    const { publicKey, mediation } = await post(element.dataset.options);
    show("waiting", "busy");
    const request = { publicKey: parse(kind, publicKey) };
    if (mediation && mediation !== "conditional") request.mediation = mediation;
    const credential = await navigator.credentials[kind](request);
    show("finishing", "busy");
    const { next } = await post(element.dataset.finish, toJson(credential));
    location.assign(next ?? "/");
  }

  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await go();
    } catch (error) {
      show(wordsFor(error), "failed", error?.reference);
      button.disabled = false;
      button.focus();
    }
  });
}

document.querySelectorAll("[data-passkey]").forEach(enliven);

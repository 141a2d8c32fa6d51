// Starts card-agent for one command and hands back its answer. The origin is the browser's word, never the page's.
"use strict";

const runtime = (globalThis.browser ?? globalThis.chrome).runtime;
const HOST = "signum.card_agent";
// Milliseconds until the agent says its version, and until a person has answered.
const HANDSHAKE = 5_000;
const PATIENCE = 120_000;
const LONGEST_PATIENCE = 600_000;
// What the native-messaging contract allows.
const LONGEST_MESSAGE = 8192;

class Failure extends Error {
  constructor(name, code, message) {
    super(message);
    this.name = name;
    this.code = code;
  }
}

// Names by which web-eid.js makes its own errors again.
const NAMES = {
  ERR_WEBEID_USER_CANCELLED: "UserCancelledError",
  ERR_WEBEID_USER_TIMEOUT: "UserTimeoutError",
  ERR_WEBEID_NATIVE_INVALID_ARGUMENT: "NativeInvalidArgumentError",
  ERR_WEBEID_NATIVE_FATAL: "NativeFatalError",
};

const unavailable = (message) => new Failure("NativeUnavailableError", "ERR_WEBEID_NATIVE_UNAVAILABLE", message);

// One process of card-agent: its version, one command, its answer.
class Agent {
  constructor() {
    this.waiting = null;
    this.port = runtime.connectNative(HOST);
    this.port.onMessage.addListener((message) => this.settle("resolve", message));
    this.port.onDisconnect.addListener((port) => {
      const why = port.error?.message ?? runtime.lastError?.message ?? "card-agent ended";
      this.settle("reject", unavailable(why));
    });
  }

  settle(how, value) {
    this.waiting?.[how](value);
    this.waiting = null;
  }

  next(patience, late) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.settle("reject", late), patience);
      const ended = (done) => (value) => {
        clearTimeout(timer);
        done(value);
      };
      this.waiting = { resolve: ended(resolve), reject: ended(reject) };
    });
  }

  async version() {
    const { version } = await this.next(HANDSHAKE, unavailable("card-agent does not answer"));
    if (typeof version !== "string" || !/^\d+\./.test(version)) {
      throw new Failure("VersionInvalidError", "ERR_WEBEID_VERSION_INVALID", "card-agent's version is malformed");
    }
    if (Number.parseInt(version, 10) < 2) {
      throw new Failure("VersionMismatchError", "ERR_WEBEID_VERSION_MISMATCH", "card-agent is too old");
    }
    return version;
  }

  async tell(command, given, patience) {
    const message = { command, arguments: given };
    if (new TextEncoder().encode(JSON.stringify(message)).length > LONGEST_MESSAGE) {
      throw new Failure(NAMES.ERR_WEBEID_NATIVE_INVALID_ARGUMENT, "ERR_WEBEID_NATIVE_INVALID_ARGUMENT", "the message is too long");
    }
    const late = new Failure("UserTimeoutError", "ERR_WEBEID_USER_TIMEOUT", "user failed to respond in time");
    const answer = this.next(patience, late);
    this.port.postMessage(message);
    const response = await answer;
    if (response?.error) {
      const { code, message: why } = response.error;
      throw new Failure(NAMES[code] ?? "UnknownError", NAMES[code] ? code : "ERR_WEBEID_UNKNOWN_ERROR", String(why));
    }
    return response;
  }

  close() {
    this.waiting = null;
    this.port.disconnect();
  }
}

// The command and its arguments for a message; fields the page added beside them are left out.
function command(message, origin) {
  const lang = typeof message.options?.lang === "string" ? { lang: message.options.lang } : {};
  switch (message.action) {
    case "web-eid:authenticate":
      return ["authenticate", { challengeNonce: message.challengeNonce, origin, ...lang }];
    case "web-eid:get-signing-certificate":
      return ["get-signing-certificate", { origin, ...lang }];
    case "web-eid:sign": {
      const { certificate, hash, hashFunction } = message;
      return ["sign", { certificate, hash, hashFunction, origin, ...lang }];
    }
    default:
      throw new Failure("UnknownError", "ERR_WEBEID_UNKNOWN_ERROR", "there is no such action");
  }
}

function patience(message) {
  const wanted = message.options?.userInteractionTimeout;
  return Number.isFinite(wanted) && wanted > 0 ? Math.min(wanted, LONGEST_PATIENCE) : PATIENCE;
}

// One agent at a time, and for the page the person looks at: a second window could take a PIN meant for the first.
let busy = false;

async function answer(message, sender) {
  const action = message.action;
  let agent = null;
  let mine = false;
  try {
    const origin = new URL(sender.url).origin;
    if (!sender.tab?.active) throw unavailable("the page is not the one in front");
    if (busy) throw unavailable("card-agent is busy with another request");
    busy = mine = true;
    agent = new Agent();
    const nativeApp = await agent.version();
    if (action === "web-eid:status") {
      await agent.tell("quit", {}, HANDSHAKE);
      const { version: extension } = runtime.getManifest();
      // web-eid.js compares major versions: the extension speaks the contract of the agent.
      return { action: `${action}-success`, library: message.libraryVersion, extension: `2.0.0+${extension}`, nativeApp };
    }
    const response = await agent.tell(...command(message, origin), patience(message));
    return { ...response, action: `${action}-success` };
  } catch (error) {
    const { name, code, message: why } = error;
    return {
      action: `${action}-failure`,
      error: { name: code ? name : "UnknownError", code: code ?? "ERR_WEBEID_UNKNOWN_ERROR", message: why },
    };
  } finally {
    agent?.close();
    if (mine) busy = false;
  }
}

runtime.onMessage.addListener((message, sender, respond) => {
  // Content scripts of this extension in top-level pages; nobody else.
  if (sender.id !== runtime.id || sender.frameId !== 0 || typeof message?.action !== "string") return false;
  answer(message, sender).then(respond);
  return true;
});

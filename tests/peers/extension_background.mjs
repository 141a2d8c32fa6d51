// The extension's background script in a browser that is played here; run by tests/it (`card`).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";

const agents = [];
let heard;

// One native host: it says its version at once, and answers a command when told to.
function connectNative() {
  const agent = { told: [] };
  agent.port = {
    onMessage: { addListener: (listener) => { agent.say = listener; } },
    onDisconnect: { addListener: () => {} },
    postMessage: (message) => agent.told.push(message),
    disconnect: () => { agent.closed = true; },
  };
  agents.push(agent);
  setImmediate(() => agent.say({ version: "2.5.0+test" }));
  return agent.port;
}

const runtime = { id: "us", connectNative, onMessage: { addListener: (listener) => { heard = listener; } } };
runInNewContext(readFileSync(process.argv[2], "utf8"), { chrome: { runtime }, URL, TextEncoder, setTimeout, clearTimeout });

const message = { action: "web-eid:authenticate", challengeNonce: "n" };
const sender = (tab) => ({ id: "us", frameId: 0, url: "https://idp.example/login", tab });
const ask = (tab) => new Promise((resolve) => assert.equal(heard(message, sender(tab), resolve), true));
const told = async (agent) => {
  while (agent.told.length === 0) await new Promise(setImmediate);
  return agent.told[0];
};

// A page behind another, or of no tab, starts no agent.
for (const tab of [{ active: false }, undefined]) {
  const refused = await ask(tab);
  assert.equal(refused.error.code, "ERR_WEBEID_NATIVE_UNAVAILABLE");
  assert.equal(agents.length, 0);
}

// While one agent asks the person, no second one is started, and the first is not disturbed.
const first = ask({ active: true });
assert.equal((await told(agents[0])).arguments.origin, "https://idp.example");
const second = await ask({ active: true });
assert.equal(second.action, "web-eid:authenticate-failure");
assert.match(second.error.message, /busy/);
assert.equal(agents.length, 1);
assert.notEqual(agents[0].closed, true);
agents[0].say({ signature: "s" });
assert.equal((await first).action, "web-eid:authenticate-success");
assert.equal(agents[0].closed, true);

// After an answer or a refusal the next one is served.
const third = ask({ active: true });
await told(agents[1]);
agents[1].say({ error: { code: "ERR_WEBEID_USER_CANCELLED", message: "no" } });
assert.equal((await third).error.name, "UserCancelledError");
const fourth = ask({ active: true });
await told(agents[2]);
agents[2].say({ signature: "s" });
assert.equal((await fourth).action, "web-eid:authenticate-success");
console.log("ok");

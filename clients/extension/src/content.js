// Between the page (web-eid.js) and the background: messages of Web eID's contract, and nothing else.
// It runs in top-level pages alone: a page in a frame cannot ask for a card.
"use strict";

(() => {
  const runtime = (globalThis.browser ?? globalThis.chrome).runtime;
  const actions = new Set([
    "web-eid:status",
    "web-eid:authenticate",
    "web-eid:get-signing-certificate",
    "web-eid:sign",
  ]);

  window.addEventListener("message", async (event) => {
    const message = event.data;
    if (event.source !== window || event.origin !== window.origin || !actions.has(message?.action)) return;
    const answer = (response) => window.postMessage(response, window.origin);
    const failed = (name, code, text) =>
      answer({ action: `${message.action}-failure`, error: { name, code, message: text } });

    if (!window.isSecureContext) {
      failed("ContextInsecureError", "ERR_WEBEID_CONTEXT_INSECURE", "the page is not a secure context");
      return;
    }
    answer({ action: `${message.action}-ack` });
    try {
      answer(await runtime.sendMessage(message));
    } catch {
      // The extension was updated or turned off while this page was open.
      failed("ExtensionUnavailableError", "ERR_WEBEID_EXTENSION_UNAVAILABLE", "the extension is gone; load the page again");
    }
  });
})();

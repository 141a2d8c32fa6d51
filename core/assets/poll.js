// Loads the page again when the state of what it waits for is no longer the one shown (data-state), or is one of those
// waited for (data-until, separated by spaces).

const PAUSE = 2000;

function watch(element) {
  const { poll, state, until } = element.dataset;
  const awaited = (until ?? "").split(" ").filter(Boolean);
  const ask = async () => {
    if (document.visibilityState === "visible") {
      try {
        const answer = await fetch(poll, { headers: { Accept: "application/json" }, credentials: "same-origin" });
        const now = answer.ok ? (await answer.json()).state : undefined;
        if (now !== undefined && (awaited.includes(now) || (state !== undefined && now !== state))) {
          location.reload();
          return;
        }
      } catch {
        // Away for a moment: ask again.
      }
    }
    setTimeout(ask, PAUSE);
  };
  setTimeout(ask, PAUSE);
}

document.querySelectorAll("[data-poll]").forEach(watch);

// The word in the top bar: whether what the page shows is live.

const WORDS = { idle: "", connecting: "Connecting…", open: "Live", partly: "Partly live", lost: "Connection lost – reconnecting", paused: "Paused: live in the pages used last" };

let isPartly = false; // without htmx only points, best values and outputs arrive

export function showConnection(state) {
  const element = document.querySelector("#connection");
  const before = element.dataset.state;
  if (state === "open" && isPartly) state = "partly";
  element.dataset.state = state;
  element.textContent = before === "lost" && state === "connecting" ? WORDS.lost : WORDS[state];
  if (before === "lost" && state === "connecting") element.dataset.state = "lost";
}

/** Say from now on that only a part of the page is live. */
export function showPartlyLive() {
  isPartly = true;
  if (document.querySelector("#connection").dataset.state === "open") showConnection("open");
}

// Loads the pinned files from the CDN without making the page wait for them: the tables work
// while the CDN is slow or out of reach. The browser checks the bytes against `integrity`.

const PATIENCE_MS = 10_000;

/** Resolves to whether the script arrived, with the right bytes, in time. */
export function loadScript({ url, integrity }) {
  const script = document.createElement("script");
  Object.assign(script, { src: url, integrity, crossOrigin: "anonymous", async: true });
  return arrival(script);
}

export function loadStyle({ url, integrity }) {
  const link = document.createElement("link");
  Object.assign(link, { rel: "stylesheet", href: url, integrity, crossOrigin: "anonymous" });
  return arrival(link);
}

function arrival(element) {
  return new Promise((resolve) => {
    element.addEventListener("load", () => resolve(true));
    element.addEventListener("error", () => resolve(false));
    setTimeout(() => resolve(false), PATIENCE_MS);
    document.head.append(element);
  });
}

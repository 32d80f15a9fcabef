// The bar above the page: what the reader has to know before anything else.

/** @param {string} [about]  what may take it back: `hideBanner` with the same word */
export function showBanner(text, about = "") {
  const banner = document.querySelector("#banner");
  banner.textContent = text;
  banner.dataset.about = about;
  banner.hidden = false;
}

export function hideBanner(about) {
  const banner = document.querySelector("#banner");
  if (banner.dataset.about === about) banner.hidden = true;
}

// The bar above the page: what the reader has to know before anything else.

export function showBanner(text) {
  const banner = document.querySelector("#banner");
  banner.textContent = text;
  banner.hidden = false;
}

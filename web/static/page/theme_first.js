// Runs before the page is drawn, so that a chosen theme never flashes up late: it is not a module,
// since those wait until the page has been read.

try {
  const chosen = localStorage.getItem("theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // without storage the theme is the system's
}

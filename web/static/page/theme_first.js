// Runs before the page is drawn, so that a theme that was chosen never flashes up late: no module, for
// those wait until the page has been read.

try {
  const chosen = localStorage.getItem("theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // where nothing may be remembered the theme is the system's
}

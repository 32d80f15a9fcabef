// "Copy" buttons: the text is in the button's data-copy.

document.addEventListener("click", async (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-copy]") : null;
  if (!button) return;
  if (navigator.clipboard) await navigator.clipboard.writeText(button.dataset.copy);
  else getSelection().selectAllChildren(button.previousElementSibling); // only https and localhost have one
  button.textContent = navigator.clipboard ? "Copied" : "Selected";
  setTimeout(() => (button.textContent = "Copy"), 1500);
});

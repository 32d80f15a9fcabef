// Changes of the page by events, while htmx fetches content: what the server made of it may be older
// than the event. The changes are made again once the content is in the page.

const requests = new Set();
let changes = [];

/** Change the page, and again after content that was requested before has replaced a part of it. */
export function lasting(change) {
  change();
  if (requests.size > 0) changes.push(change);
}

/** To be called after content has been put into the page. */
export function changeAgain() {
  for (const change of changes) change();
}

document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => requests.add(ctx));
document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
  requests.delete(ctx);
  if (requests.size === 0) changes = [];
});

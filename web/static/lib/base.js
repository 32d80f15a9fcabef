// The path of its host below which the dashboard is reached: "" or, behind a proxy, such as
// "/mlto".

const base = new URL(import.meta.url).pathname.split("/static/")[0];

/**
 * The address of a path of this server, which begins with "/". The content of a snapshot is
 * complete.
 */
export function addressOf(path) {
  return path.startsWith("data:") ? path : base + path;
}

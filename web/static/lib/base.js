// Below which path of its host the dashboard is reached: "" or, behind a proxy, such as "/mlto".

const base = new URL(import.meta.url).pathname.split("/static/")[0];

/** The address of a path of this server, which begins with "/". What a snapshot holds is whole. */
export function addressOf(path) {
  return path.startsWith("data:") ? path : base + path;
}

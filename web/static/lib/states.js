// The states of runs: the server lists them, in the data of the page.

let known = null;

/** State -> {word, isEnd, isFailure}, in the order of lists and tables. */
export function states() {
  return (known ??= JSON.parse(document.querySelector("#page-data").dataset.page).states);
}

/** The name for people: "stopped early". */
export const wordOf = (state) => states()[state]?.word ?? state;

/** Whether a run in this state has ended. */
export const isEnd = (state) => states()[state]?.isEnd ?? false;

/** Whether the run itself failed. */
export const isFailure = (state) => states()[state]?.isFailure ?? false;

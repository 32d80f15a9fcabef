// Where the runs of a page have logged nothing, the page says so in the place of the charts.

export function showNoMetrics(isEmpty) {
  const note = document.querySelector(".no-metrics");
  if (note) note.hidden = !isEmpty;
}

// Runs that failed before they had a value: a cross at the edge of the drawing where values are
// worst.

const CROSS = "path://M1 0L5 4L9 0L10 1L6 5L10 9L9 10L5 6L1 10L0 9L4 5L0 1Z";

/** Where, on the axis of a `valueScale`, the worst values are. The lower end if not known. */
export const worstEdge = ({ low, high }, goal) => (goal === "min" ? high : low);

/** A point of a scatter series of ECharts. */
export function failureMark({ x, state, passes }, edge, colors) {
  return { value: [x, edge], symbol: CROSS, symbolSize: 9, itemStyle: { color: colors.fill[state], opacity: passes ? 0.95 : 0.08 } };
}

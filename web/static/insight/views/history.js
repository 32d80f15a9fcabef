// Every run's best value, and the best so far: against the number of runs that ended, or time.

import { formatDuration } from "../../lib/format.js";
import { failureMark, worstEdge } from "../failures.js";
import { isEnd, isFailure } from "../../lib/states.js";
import { plainAxis, timeGap, timeTick, valueAxis, valueScale } from "../axes.js";

export class View {
  #points = [];

  option(data, { colors, by, planned }) {
    const isByTime = by === "time";
    const points = (this.#points = historyPoints(data, isByTime));
    const scale = valueScale(points.map((one) => one.y), data.goal);
    const last = points.at(-1)?.x ?? 1;
    const end = isByTime ? last || 1 : Math.max(last, Number(planned) || 0, 2);
    const size = points.length > 1000 ? 5 : 8;
    const best = bestSoFar(points, data.goal, last).map(([x, y]) => [x, scale.to(y)]);
    return {
      grid: { left: 12, right: 20, top: 12, bottom: 32, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      xAxis: { ...plainAxis(colors), ...(isByTime ? TIME : { ...RUNS, name: `${nounOf(data)}s ended` }), max: end, splitLine: { show: false }, axisLabel: { color: colors.muted, hideOverlap: true, formatter: isByTime ? timeTick : whole }, ...(isByTime ? { interval: timeGap(end) } : {}) },
      yAxis: valueAxis(colors, scale),
      series: [
        { type: "scatter", z: 3, symbolSize: size, data: points.map((point) => (point.y === null ? failureMark(point, worstEdge(scale, data.goal), colors) : mark(point, scale, colors, points.length))), emphasis: { scale: 1.6, itemStyle: { borderColor: colors.text, borderWidth: 2, opacity: 1 } } },
        { type: "line", step: "end", z: 4, data: best, symbol: "none", silent: true, lineStyle: { color: colors.text, width: 2 } },
      ],
    };
  }

  place({ seriesIndex, dataIndex }) {
    return seriesIndex === 0 ? this.#points[dataIndex].place : null;
  }

  target(place) {
    const dataIndex = this.#points.findIndex((one) => one.place === place);
    return dataIndex < 0 ? null : { seriesIndex: 0, dataIndex };
  }

  lines(data, place) {
    const ended = data.runs.ended[place];
    return [[data.isOfCombinations ? `mean of the best ${data.metric}` : data.valueName, data.valueText(place)], ...(ended === null ? [] : [["ended after", formatDuration(ended)]])];
  }
}

const nounOf = (data) => (data.isOfCombinations ? "combination" : data.sweep ? "run" : "experiment");
const TIME = { min: 0, name: "time since the start", nameLocation: "middle", nameGap: 24 };
const RUNS = { min: 0, minInterval: 1, nameLocation: "middle", nameGap: 24 };
const whole = (x) => (Number.isInteger(x) ? String(x) : "");

function mark({ x, y, state, passes, counts }, scale, colors, count) {
  const color = colors.fill[state];
  const isOpen = !isEnd(state) || !counts;
  return { value: [x, scale.to(y)], itemStyle: { color: isOpen ? colors.surface : color, borderColor: color, borderWidth: isOpen ? 2 : 0, opacity: passes ? (count > 400 ? 0.65 : 0.95) : 0.08 } };
}

/**
 * One point for each run with a value, and for each that failed without one (y is null), in the
 * order in which they ended. The running ones last. `counts`: it can be the best so far.
 */
export function historyPoints(data, isByTime) {
  const { runs, states } = data;
  const isShown = (place) => Number.isFinite(runs.value[place]) || isFailure(states[runs.state[place]]);
  const places = runs.value.map((_, place) => place).filter(isShown);
  const endOf = (place) => runs.ended[place] ?? Infinity;
  places.sort((a, b) => (endOf(a) === endOf(b) ? runs.index[a] - runs.index[b] : endOf(a) - endOf(b)));
  const latest = runs.ended.reduce((most, time) => Math.max(most, time ?? 0), 0);
  return places.map((place, n) => ({
    place, x: isByTime ? runs.ended[place] ?? latest : n + 1, y: Number.isFinite(runs.value[place]) ? runs.value[place] : null, state: states[runs.state[place]], passes: data.passes(place), counts: runs.is_full?.[place] ?? true,
  }));
}

/** The step curve of the best value: [x, value] where it changes, and at the end. */
export function bestSoFar(points, goal, end) {
  const stairs = [];
  let best = null;
  for (const { x, y, counts = true } of points) {
    if (y === null || !counts) continue;
    if (best !== null && !(goal === "min" ? y < best : y > best)) continue;
    best = y;
    stairs.push([x, y]);
  }
  if (best !== null && end > stairs.at(-1)[0]) stairs.push([end, best]);
  return stairs;
}

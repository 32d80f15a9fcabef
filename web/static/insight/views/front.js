// The Pareto front: every result by two objectives, the front highlighted, and below or beside it
// the hypervolume over time.

import { formatNumber } from "../../lib/format.js";
import { isEnd } from "../../lib/states.js";
import { plainAxis, valueAxis, valueScale } from "../axes.js";

const WIDE = 760;
const FAINT = 0.3;

export class View {
  dependsOnWidth = true;
  #points = [];
  #names = [];

  option(data, { colors, across, upMetric, acrossGoal, upGoal, pair, width }) {
    this.#names = [...data.runs.results.keys()];
    const points = (this.#points = frontPoints(data, across, upMetric));
    const x = valueScale(points.map((one) => one.x), acrossGoal), y = valueScale(points.map((one) => one.y), upGoal);
    const [left, right] = grids(width, data.front.volumes.length > 0);
    const on = points.filter((one) => one.isOnFront);
    const volume = volumeSteps(data.front);
    const z = valueScale(volume.map(([, value]) => value), "max");
    return {
      grid: right ? [left, right] : [left],
      xAxis: [
        { ...valueAxis(colors, x), gridIndex: 0, name: across, nameLocation: "middle", nameGap: 24 },
        ...(right ? [{ ...plainAxis(colors), gridIndex: 1, min: 0, max: Math.max(2, data.front.n_results), minInterval: 1, name: "results", nameLocation: "middle", nameGap: 24, splitLine: { show: false } }] : []),
      ],
      yAxis: [
        { ...valueAxis(colors, y), gridIndex: 0, ...named(upMetric, colors) },
        ...(right ? [{ ...valueAxis(colors, z), gridIndex: 1, ...named("hypervolume", colors) }] : []),
      ],
      series: [
        { type: "scatter", z: 3, data: points.map((point) => mark(point, x, y, colors)), emphasis: { scale: 1.6, itemStyle: { borderColor: colors.text, borderWidth: 2, opacity: 1 } } },
        ...(pair && on.length > 1 ? [{ type: "line", z: 2, data: stairs(on, acrossGoal, upGoal).map(([a, b]) => [x.to(a), y.to(b)]), symbol: "none", silent: true, lineStyle: { color: colors.accent, width: 1.5 } }] : []),
        ...(right ? [{ type: "line", z: 2, step: "end", xAxisIndex: 1, yAxisIndex: 1, data: volume.map(([a, b]) => [a, z.to(b)]), symbol: "none", silent: true, lineStyle: { color: colors.text, width: 2 } }] : []),
      ],
    };
  }

  place({ seriesIndex, dataIndex }) {
    return seriesIndex === 0 ? this.#points[dataIndex]?.place ?? null : null;
  }

  target(place) {
    const dataIndex = this.#points.findIndex((one) => one.place === place);
    return dataIndex < 0 ? null : { seriesIndex: 0, dataIndex };
  }

  lines(data, place) {
    const result = this.#points.find((one) => one.place === place);
    const standing = standingOf(result);
    return [...this.#names.map((name) => [name, formatNumber(data.runs.results.get(name)[place])]), ...standing];
  }
}

/** The results that have both values. Those on the front last, so that they are drawn on top. */
function frontPoints(data, across, up) {
  const { runs } = data, front = new Set(data.front.runs), soFar = new Set(data.front.provisional);
  const xs = runs.results.get(across) ?? [], ys = runs.results.get(up) ?? [];
  const points = runs.index.map((index, place) => ({
    place, x: xs[place], y: ys[place], isOnFront: front.has(index), isFeasible: runs.is_full[place] ?? true, passes: data.passes(place),
    isProvisional: !isEnd(data.state(place)), wouldBe: soFar.has(index),
  }));
  const known = points.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y));
  return known.sort((a, b) => a.isOnFront - b.isOnFront || a.place - b.place);
}

/** The border of what two objectives dominate: between two points of the front, its worse corner. */
function stairs(points, acrossGoal, upGoal) {
  const sorted = [...points].sort((a, b) => a.x - b.x || (upGoal === "max" ? b.y - a.y : a.y - b.y));
  const found = [];
  for (const { x, y } of sorted) {
    const last = found.at(-1);
    if (last) found.push(acrossGoal === "max" ? [last[0], y] : [x, last[1]]);
    found.push([x, y]);
  }
  return found;
}

/** The hypervolume after each number of results, up to the last one. */
function volumeSteps({ volumes, n_results: count }) {
  const steps = volumes.map(([place, , volume]) => [place, volume]);
  if (steps.length > 0 && count > steps.at(-1)[0]) steps.push([count, steps.at(-1)[1]]);
  return steps;
}

function standingOf(result) {
  if (!result) return [];
  if (result.isProvisional) return [["", !result.isFeasible ? "violates where so far" : result.wouldBe ? "on the front if it ended now" : "so far"]];
  return result.isOnFront ? [["", "on the front"]] : result.isFeasible ? [] : [["", "violates where"]];
}

/** For a running run, whose values may change: a dashed ring. */
function ring({ x, y, isFeasible, wouldBe, passes }, across, up, colors) {
  const itemStyle = { color: "transparent", borderColor: wouldBe ? colors.accent : colors.muted, borderWidth: 1.5, borderType: "dashed", opacity: passes ? (isFeasible ? 1 : 0.5) : 0.08 };
  return { value: [across.to(x), up.to(y)], symbolSize: wouldBe ? 11 : 8, itemStyle };
}

function mark(point, across, up, colors) {
  if (point.isProvisional) return ring(point, across, up, colors);
  const { x, y, isOnFront, isFeasible, passes } = point;
  const color = isOnFront ? colors.accent : colors.muted;
  const style = { color: isFeasible ? color : "transparent", borderColor: color, borderWidth: isFeasible ? 0 : 1.5, opacity: passes ? (isOnFront ? 1 : FAINT) : 0.08 };
  return { value: [across.to(x), up.to(y)], symbolSize: isOnFront ? 11 : 7, itemStyle: isFeasible ? style : { ...style, opacity: passes ? 0.5 : 0.08 } };
}

const ROOM = { outerBoundsMode: "same", outerBoundsContain: "axisLabel" };

/** Beside each other if there is room, or else one below the other. */
function grids(width, hasVolume) {
  if (!hasVolume) return [{ ...ROOM, left: 12, right: 20, top: 28, bottom: 32 }, null];
  if (width >= WIDE) return [{ ...ROOM, left: 12, right: "38%", top: 28, bottom: 32 }, { ...ROOM, left: "66%", right: 20, top: 28, bottom: 32 }];
  return [{ ...ROOM, left: 12, right: 20, top: 28, bottom: "46%" }, { ...ROOM, left: 12, right: 20, top: "64%", bottom: 32 }];
}

const named = (name, colors) => ({ name, nameLocation: "end", nameGap: 10, nameTextStyle: { color: colors.muted, align: "left" } });

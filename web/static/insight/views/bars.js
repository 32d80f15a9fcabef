// The mean of a value by a setting, as bars with error bars: ± the standard deviation.

import { formatNumber, middleCut } from "../../lib/format.js";
import { plainAxis, valueAxis, valueScale } from "../axes.js";

const CUT_FROM = 0.2; // with smaller relative differences, bars do not begin at 0
const MOST_LETTERS = 100;

export class View {
  dependsOnWidth = true;

  option(data, { colors, bars: text, across, what, width }) {
    const bars = JSON.parse(text), { scale, isCut } = barScale(bars);
    const note = document.querySelector("#insight-baseline");
    if (note) note.textContent = isCut ? "The vertical axis does not begin at 0." : "";
    const labels = bars.map(({ label, n }) => `${middleCut(label, Math.max(10, MOST_LETTERS / bars.length))}\nn = ${n}`);
    return {
      grid: { left: 12, right: 20, top: 24, bottom: 52, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      xAxis: { ...plainAxis(colors), type: "category", data: labels, name: across, nameLocation: "middle", nameGap: 46, nameTextStyle: { color: colors.text, fontWeight: 600 }, splitLine: { show: false }, axisLabel: { color: colors.muted, interval: 0, lineHeight: 15, width: (width - 80) / Math.max(1, bars.length), overflow: "truncate" } },
      yAxis: { ...valueAxis(colors, scale), name: what, nameTextStyle: { color: colors.muted, align: "left" } },
      series: [
        { type: "bar", silent: true, barMaxWidth: 72, itemStyle: { color: colors.accent, opacity: 0.75 }, data: bars.map(({ mean }) => mean), label: { show: bars.length <= 16, position: "insideBottom", color: colors.surface, fontSize: 12, formatter: ({ dataIndex }) => formatNumber(Number(bars[dataIndex].mean.toPrecision(3))) } },
        { type: "custom", silent: true, z: 3, data: bars.map(({ mean, std }, n) => [n, mean - (std ?? 0), mean + (std ?? 0)]), renderItem: (params, api) => errorBar(api, colors.text) },
      ],
    };
  }

  place() {
    return null;
  }

  target() {
    return null;
  }

  lines() {
    return [];
  }
}

/** Pure: the range of bars and their error bars. From 0, unless that would hide the differences. */
export function barScale(bars) {
  const low = Math.min(...bars.map(({ mean, std }) => mean - (std ?? 0))), high = Math.max(...bars.map(({ mean, std }) => mean + (std ?? 0)));
  const isCut = low > 0 && (high - low) / high < CUT_FROM;
  // linear: a bar has no place on a logarithmic axis
  const scale = valueScale(isCut ? [low, high] : [Math.min(0, low), Math.max(0, high)], "max");
  if (isCut) return { isCut, scale };
  // they begin on the axis
  return { isCut, scale: { ...scale, low: low < 0 ? scale.low : 0, high: high > 0 ? scale.high : 0 } };
}

function errorBar(api, color) {
  const [x, low] = api.coord([api.value(0), api.value(1)]), [, high] = api.coord([api.value(0), api.value(2)]);
  if (low === high) return null;
  const line = (x1, y1, x2, y2) => ({ type: "line", shape: { x1, y1, x2, y2 }, style: { stroke: color, lineWidth: 1.5 } });
  return { type: "group", children: [line(x, low, x, high), line(x - 6, low, x + 6, low), line(x - 6, high, x + 6, high)] };
}

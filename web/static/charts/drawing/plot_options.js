// The options of uPlot for a chart: its axes, and a cursor that drags and moves through all charts.

import { axesOf } from "./axes.js";
import { xParameter } from "../data/chart_settings.js";

/**
 * @param {{syncKey: string, yRange: () => [number, number], rightRange: (() => [number, number]) | null, onLabel: (axis: string, ticks: number[], labels: string[]) => void,
 *   onReset: () => void, draw: Function, setCursor: Function, setSelect: Function}} hooks
 */
export function plotOptions(view, size, hooks) {
  return {
    ...size,
    padding: [8, view.x === "wall" ? 32 : 14, 0, 0], // a time is as wide as this
    legend: { show: false },
    ...axesOf(view, hooks),
    series: [{}, { paths: () => null, points: { show: false } }],
    cursor: {
      y: false,
      points: { show: false },
      drag: { x: true, y: false, setScale: false, dist: 4 },
      bind: { dblclick: () => hooks.onReset },
      sync: { key: `${hooks.syncKey} ${xParameter(view)}`, scales: ["x", null], filters: { pub: (type) => type === "mousemove" || type === "mouseleave" } },
    },
    hooks: { draw: [hooks.draw], setCursor: [hooks.setCursor], setSelect: [hooks.setSelect] },
  };
}

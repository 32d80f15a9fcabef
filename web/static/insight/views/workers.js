// The time line of the worker pool: slots as rows, attempts at runs as bars, coloured by state.

import { formatDuration, formatNumber } from "../../lib/format.js";
import { plainAxis, tickedAxis, timeGap, timeTick } from "../axes.js";
import { addressOf } from "../../lib/base.js";

const MOST_LABELS = 24;

/** The label of a job: its name, its node and GPUs, and how long it waited. */
function placeLines({ label, node, gpus, queued }) {
  return [
    ...(label ? [["runs as", label]] : []),
    ...(node ? [["node", node]] : []),
    ...(gpus.length ? [["GPUs", gpus.join(", ")]] : []),
    ["in the queue", formatDuration(queued)],
  ];
}

export class View {
  #cursor = "";
  #states = [];
  #spans = [];
  #now = 0;
  #end = 1;
  #zoom = { start: 0, end: 100 };

  /** Fetch the spans. Of the known ones only those that may have changed. */
  async refresh({ sweep }) {
    const since = this.#cursor && `?since=${encodeURIComponent(this.#cursor)}`;
    const response = await fetch(addressOf(`/api/workers/${sweep.split("/").map(encodeURIComponent).join("/")}${since}`));
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    const { cursor, first, states, spans, now } = await response.json();
    this.#spans.length = first;
    spans.index.forEach((index, n) => this.#spans.push({ index, attempt: spans.attempt[n], slot: spans.slot[n], started: spans.started[n], ended: spans.ended[n], state: spans.state[n], place: spans.place?.[n] ?? null }));
    this.#cursor = cursor;
    this.#states = states;
    this.#now = now;
  }

  bind(chart) {
    chart.on("datazoom", () => {
      const { start, end } = chart.getOption().dataZoom[0];
      this.#zoom = { start, end };
      chart.setOption({ xAxis: { interval: timeGap((this.#end * (end - start)) / 100) } });
    });
  }

  option(data, { colors }) {
    const nSlots = 1 + this.#spans.reduce((most, span) => Math.max(most, span.slot), 0);
    const every = Math.ceil(nSlots / MOST_LABELS);
    const slots = Array.from({ length: nSlots }, (_, slot) => [slot, slot % every ? "" : `slot ${slot + 1}`]);
    const end = this.#end = this.#spans.reduce((most, span) => Math.max(most, span.ended ?? this.#now), this.#now) || 1;
    return {
      grid: { left: 12, right: 20, top: 8, bottom: 64, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      xAxis: { ...plainAxis(colors), min: 0, max: end, interval: timeGap((end * (this.#zoom.end - this.#zoom.start)) / 100), axisLabel: { color: colors.muted, hideOverlap: true, formatter: timeTick }, name: "time since the sweep started", nameLocation: "middle", nameGap: 24 },
      yAxis: { ...tickedAxis(colors, slots), inverse: true, min: -0.5, max: nSlots - 0.5 },
      dataZoom: [
        { type: "slider", xAxisIndex: 0, filterMode: "weakFilter", height: 16, bottom: 8, brushSelect: false, showDetail: false, showDataShadow: false, borderColor: colors.grid, fillerColor: colors.grid, handleStyle: { color: colors.surface, borderColor: colors.border }, moveHandleSize: 0, ...this.#zoom },
        { type: "inside", xAxisIndex: 0, filterMode: "weakFilter", zoomOnMouseWheel: "ctrl", moveOnMouseMove: true, moveOnMouseWheel: false, preventDefaultMouseMove: false },
      ],
      series: [{
        type: "custom", encode: { x: [1, 2], y: 0 }, progressive: 0,
        data: this.#spans.map((span) => [span.slot, span.started, span.ended ?? this.#now]),
        renderItem: (params, api) => this.#bar(params, api, colors, nSlots, data),
      }],
    };
  }

  #bar({ dataIndex, coordSys }, api, colors, nSlots, data) {
    const span = this.#spans[dataIndex];
    const [left, middle] = api.coord([api.value(1), api.value(0)]);
    const [right] = api.coord([api.value(2), api.value(0)]);
    const height = Math.max(2, Math.min(28, (coordSys.height / nSlots) * 0.78));
    const gap = right - left > 4 ? 1 : 0;
    const from = Math.max(left, coordSys.x), to = Math.min(right - gap, coordSys.x + coordSys.width);
    if (to < from - 1) return null;
    const fill = colors.fill[this.#states[span.state]] ?? colors.muted;
    const shape = { x: from, y: middle - height / 2, width: Math.max(1, to - from), height, r: to - from > 6 ? 2 : 0 };
    const opacity = data.passes(data.placeOfIndex(span.index)) ? 1 : 0.15;
    const bar = { type: "rect", shape, style: { fill, opacity }, emphasis: { style: { stroke: colors.text, lineWidth: 2 } } };
    const queuedFrom = span.place ? Math.max(coordSys.x, api.coord([span.started - span.place.queued, span.slot])[0]) : from;
    if (queuedFrom >= from) return bar;
    const wait = { type: "rect", silent: true, shape: { x: queuedFrom, y: middle - 1, width: from - queuedFrom, height: 2 }, style: { fill: colors.muted, opacity } };
    return { type: "group", children: [wait, bar] };
  }

  place({ dataIndex }, data) {
    return data.placeOfIndex(this.#spans[dataIndex]?.index);
  }

  target(place, data) {
    const dataIndex = this.#spans.findLastIndex((span) => span.index === data.runs.index[place]);
    return dataIndex < 0 ? null : { seriesIndex: 0, dataIndex };
  }

  lines({ metric, runs }, place, { dataIndex }) {
    const { slot, attempt, started, ended, place: where } = this.#spans[dataIndex];
    const value = runs.value[place];
    return [
      ["slot", String(slot + 1)],
      ...(where ? placeLines(where) : []),
      ...(attempt > 1 ? [["attempt", String(attempt)]] : []),
      ["started after", formatDuration(started)],
      ["took", formatDuration((ended ?? this.#now) - started) + (ended === null ? " so far" : "")],
      ...(metric !== null && value !== null ? [[`best ${metric}`, formatNumber(value)]] : []),
    ];
  }

  /** How this attempt ended, which may differ from how the run did. */
  state({ dataIndex }) {
    return this.#states[this.#spans[dataIndex].state];
  }
}

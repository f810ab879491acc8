import type { Ceilings, Line, Overhead, Round, Share } from "../src/bench.js";

type Cell = string | Node;

/** A row that begins with its heading; cells are hidden on phones where `wide` names their place. */
function row(heading: Cell, cells: readonly Cell[], wide: readonly number[] = []): HTMLTableRowElement {
  const made = document.createElement("tr");
  const first = document.createElement("th");
  first.scope = "row";
  first.append(heading);
  made.append(first);
  cells.forEach((content, place) => {
    const cell = made.insertCell();
    cell.append(content);
    cell.classList.toggle("wide", wide.includes(place));
  });
  return made;
}

const FIGURES = new Intl.NumberFormat("en", {
  maximumSignificantDigits: 3,
  maximumFractionDigits: 3,
  roundingPriority: "lessPrecision",
});
const number = (value: number): string => FIGURES.format(value);
export const milliseconds = (seconds: number): string => number(seconds * 1e3);
export const giga = (value: number): string => number(value / 1e9);
const percent = (share: number): string => `${Math.round(100 * share)} %`;

export function ceilingRows({ flops, unpacked, read, dispatch }: Ceilings): HTMLTableRowElement[] {
  return [
    row("Multiply-adds", [`${giga(flops)} GFLOP/s`]),
    row("Memory read", [`${giga(read)} GB/s`]),
    row("Weights of four bits, decoded and multiplied", [`${giga(unpacked)} G/s`]),
    row("An empty dispatch", [`${number(dispatch * 1e6)} µs`]),
  ];
}

export function lineRow({ operation, shape, rows, format, seconds, flops, bytes, share }: Line): HTMLTableRowElement {
  const what = `${operation} ${shape}, ${rows === 1 ? "1 row" : `${rows} rows`}, ${format}`;
  return row(what, [milliseconds(seconds), giga(flops), giga(bytes), nearest(share)], [1, 2]);
}

export function overheadRow({ seconds, kernels }: Overhead): HTMLTableRowElement {
  const each = `${number((seconds / kernels) * 1e6)} µs a kernel`;
  return row("all layers, next to no width", [milliseconds(seconds), "", String(kernels), each], [1, 2]);
}

export function roundRow({ memory, seconds, vision, kernels, share, overhead }: Round): HTMLTableRowElement {
  const shown = bar(share, `${percent(overhead)} of it beside the kernels' work`);
  return row(`${memory} tokens in memory`, [milliseconds(seconds), milliseconds(vision), String(kernels), shown], [1, 2]);
}

/** The ceiling that a kernel comes nearest to. */
function nearest({ flops, read, unpacked = 0 }: Share): Node {
  const shares: [number, string][] = [[flops, "multiply-adds"], [read, "memory read"], [unpacked, "weights decoded"]];
  return bar(...shares.reduce((most, share) => (share[0] > most[0] ? share : most)));
}

const SVG = "http://www.w3.org/2000/svg";

/** The bar is for the eye only: the number stands beside it. */
function bar(share: number, of: string): Node {
  const all = document.createElement("div");
  all.className = "share";
  const picture = document.createElementNS(SVG, "svg");
  const part = document.createElementNS(SVG, "rect");
  const attributes: [Element, Record<string, string>][] = [
    [picture, { class: "bar", width: "100%", "aria-hidden": "true" }],
    [part, { width: `${Math.min(100, 100 * share)}%`, height: "100%" }],
  ];
  attributes.forEach(([element, values]) => Object.entries(values).forEach((pair) => element.setAttribute(...pair)));
  picture.append(part);
  const label = document.createElement("small");
  label.append(of);
  const value = document.createElement("span");
  value.append(`${percent(share)} `);
  all.append(picture, value, label);
  return all;
}

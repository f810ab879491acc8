// The bench page.

import { openBench, StreamoError, type Bench, type Report } from "../src/bench.js";
import { fit, time } from "./single.js";
import { ceilingRows, lineRow, overheadRow, roundRow } from "./tables.js";

function element<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) {
    throw new Error(`the page has no ${id}`);
  }
  return found;
}

const measure = element("measure", HTMLFormElement);
const single = element("single", HTMLFormElement);
const progress = element("progress", HTMLProgressElement);
const status = element("status", HTMLElement);
const timed = element("timed", HTMLElement);
const button = (id: string): HTMLButtonElement => element(id, HTMLButtonElement);

let bench: Bench | undefined;
let run: AbortController | undefined;
let text = "";

/** One thing is measured at a time. */
function busy(yes: boolean): void {
  button("start").disabled = button("time").disabled = yes || !bench;
  button("stop").disabled = !run;
}

function inWords(error: unknown): string {
  if (!(error instanceof StreamoError)) {
    return String(error);
  }
  const message = `${error.message.charAt(0).toUpperCase()}${error.message.slice(1)}.`;
  return error.code === "invalid" ? message : `${message} ${error.hint}`;
}

async function open(): Promise<void> {
  const shown = element("adapter", HTMLElement);
  try {
    bench = await openBench({ wasmUrl: new URL("../engine/streamo.wasm", import.meta.url) });
  } catch (error) {
    shown.textContent = inWords(error);
    return;
  }
  const { name, software, f16, subgroup } = bench.adapter;
  const has = [`f16: ${f16 ? "yes" : "no"}`, `subgroups: ${subgroup ? `of ${subgroup} lanes and more` : "no"}`];
  shown.textContent = [name, ...has].join(", ");
  element("software", HTMLElement).hidden = !software;
  if (software) {
    measure.querySelector<HTMLInputElement>("[value=brief]")?.click();
  }
  busy(false);
}

async function start(bench: Bench): Promise<void> {
  run = new AbortController();
  busy(true);
  button("stop").focus();
  button("copy").disabled = button("download").disabled = true;
  const [ceilings, kernels, rounds] = ["ceilings", "kernels", "rounds"].map((id) => element(id, HTMLTableSectionElement));
  [ceilings, kernels, rounds].forEach((body) => body?.replaceChildren());
  element("results", HTMLElement).hidden = false;
  element("as-text", HTMLElement).hidden = true;
  progress.hidden = false;
  progress.removeAttribute("value");
  status.textContent = "Measuring the ceilings …";
  try {
    const report = await bench.run({
      scope: new FormData(measure).get("scope") === "brief" ? "brief" : "whole",
      signal: run.signal,
      onCeilings: (found) => ceilings?.append(...ceilingRows(found)),
      onLine: (line) => kernels?.append(lineRow(line)),
      onOverhead: (overhead) => rounds?.append(overheadRow(overhead)),
      onRound: (round) => rounds?.append(roundRow(round)),
      onProgress: ({ done, total }) => {
        [progress.value, progress.max] = [done, total];
        status.textContent = `${done} of ${total}`;
      },
    });
    finish(bench, report);
  } catch (error) {
    const stopped = error instanceof StreamoError && error.code === "aborted";
    status.textContent = stopped ? "Stopped." : inWords(error);
  } finally {
    run = undefined;
    progress.hidden = true;
    const focused = document.activeElement === button("stop");
    busy(false);
    focused && button("start").focus();
  }
}

function finish(bench: Bench, report: Report): void {
  const about = { date: new Date().toISOString(), userAgent: navigator.userAgent, device: bench.adapter };
  text = JSON.stringify({ ...about, ...report }, null, 2);
  button("copy").disabled = button("download").disabled = false;
  element("as-text", HTMLElement).hidden = false;
  element("json", HTMLElement).textContent = text;
  status.textContent = "Done.";
}

measure.addEventListener("submit", (event) => {
  event.preventDefault();
  bench && void start(bench);
});

button("stop").addEventListener("click", () => {
  run?.abort();
  status.textContent = "Stopping after this step …";
});

button("copy").addEventListener("click", async () => {
  const copied = await navigator.clipboard.writeText(text).then(() => true, () => false);
  status.textContent = copied ? "Copied." : "The browser does not let this page copy: take it from below.";
});

button("download").addEventListener("click", () => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = "streamo-bench.json";
  link.click();
  // Firefox reads it later.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
});

single.addEventListener("change", () => fit(single));
single.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!bench) {
    return;
  }
  busy(true);
  timed.textContent = "Timing …";
  try {
    timed.textContent = await time(bench, single);
  } catch (error) {
    timed.textContent = inWords(error);
  } finally {
    busy(false);
  }
});

fit(single);
void open();

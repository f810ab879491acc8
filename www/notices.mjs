// Who wrote what is compiled into streamo.wasm, and under which licence: what their licences ask to be said.

import { execFile } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const OURS = "streamo-wgpu";
const TARGET = "wasm32-unknown-unknown";
const TEXTS = /^(licen[cs]e|copying|notice|unlicense)/i;

/** Writes the notices of every crate that the module is made of to `file`; texts that several share stand there once. */
export async function writeNotices(file) {
  const crates = await compiled();
  const texts = new Map();
  for (const crate of crates) {
    for (const text of await textsOf(crate)) {
      texts.set(text, [...(texts.get(text) ?? []), crate]);
    }
  }
  const list = crates.map((crate) => `${named(crate)}  ${crate.license ?? "see its licence file"}  ${crate.repository ?? ""}`.trimEnd());
  const parts = [...texts].map(([text, crates]) => `${"=".repeat(100)}\n${crates.map(named).join(", ")}\n\n${text.trim()}\n`);
  await writeFile(file, [`streamo.wasm is made of these crates from crates.io, unchanged:\n`, ...list, "", ...parts].join("\n"));
}

/** The packages that the module is compiled of, but for ours. */
async function compiled() {
  const tree = await cargo("tree", "--package", OURS, "--target", TARGET, "--edges", "normal", "--prefix", "none", "--format", "{p}");
  const used = new Set(tree.split("\n").map((line) => line.split(" ", 2).join(" ").replace(" v", " ")));
  const { packages } = JSON.parse(await cargo("metadata", "--format-version", "1", "--filter-platform", TARGET));
  const theirs = packages.filter((crate) => used.has(named(crate)) && crate.name !== OURS);
  return theirs.sort((one, other) => named(one).localeCompare(named(other)));
}

async function cargo(...command) {
  const { stdout } = await promisify(execFile)("cargo", [...command, "--locked"], { cwd: "..", maxBuffer: 1 << 28 });
  return stdout;
}

function named({ name, version }) {
  return `${name} ${version}`;
}

async function textsOf({ manifest_path }) {
  const folder = dirname(manifest_path);
  const files = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isFile() && TEXTS.test(entry.name));
  return Promise.all(files.map(({ name }) => readFile(join(folder, name), "utf8")));
}

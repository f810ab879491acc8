/**
 * The model that comes with the package, as it lies in dist/. Bundlers find its files by these very expressions. Vite makes
 * a `data:` of what is small, unless it is told not to; a strict policy lets nobody fetch that.
 */
export const bundled = (): Record<string, string> => ({
  "streamo-pack.json": new URL("./engine/model/streamo-pack.json?no-inline", import.meta.url).href,
  "config.json": new URL("./engine/model/config.json?no-inline", import.meta.url).href,
  "streamo.json": new URL("./engine/model/streamo.json?no-inline", import.meta.url).href,
  "tokenizer.json": new URL("./engine/model/tokenizer.json?no-inline", import.meta.url).href,
  "pack-00001.safetensors": new URL("./engine/model/pack-00001.safetensors?no-inline", import.meta.url).href,
});

/** The model that comes with the package. Bundlers find its files by these very expressions. */
export const bundled = (): Record<string, string> => ({
  "streamo-pack.json": new URL("./model/streamo-pack.json", import.meta.url).href,
  "config.json": new URL("./model/config.json", import.meta.url).href,
  "streamo.json": new URL("./model/streamo.json", import.meta.url).href,
  "tokenizer.json": new URL("./model/tokenizer.json", import.meta.url).href,
  "pack-00001.safetensors": new URL("./model/pack-00001.safetensors", import.meta.url).href,
});

// Bundles src/editor.js to dist/editor.js: one ES module that nothing else on the page depends on.
import { build } from "esbuild";

const result = await build({
  entryPoints: ["src/editor.js"],
  outfile: "dist/editor.js",
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
});
const [, out] = Object.entries(result.metafile.outputs)[0];
console.log(`editor bundle: ${out.bytes} bytes`);

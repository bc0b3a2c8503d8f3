// TypeScript -> one ES module that imports what JupyterLab shares; `jupyter-builder` then makes the prebuilt extension of it.
import { build } from "esbuild";

await build({
  entryPoints: ["src/labextension/index.ts"],
  outfile: "lib/labextension/index.js",
  bundle: true,
  packages: "external",
  format: "esm",
  target: "es2022",
  legalComments: "none",
});

// Bundles every src/widgets/<stem>.ts into ../matwidgets/static/<stem>.js: one ES module a widget, styles inside,
// nothing loaded from anywhere. A new widget needs no line here.
import { mkdir, readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";

const here = path.dirname(fileURLToPath(import.meta.url));
const sources = path.join(here, "src", "widgets");
const target = path.join(here, "..", "matwidgets", "static");
const require = createRequire(import.meta.url);

/** Nested rules are written out flat for these. */
const CSS_TARGETS = ["chrome110", "firefox113", "safari16.4"];

/** `import css from "./x.css?inline"` gives the minified text, as it does under vitest. */
const inlineCss = {
  name: "inline-css",
  setup(build) {
    build.onResolve({ filter: /\.css\?inline$/ }, ({ path: wanted, resolveDir }) => {
      const bare = wanted.replace(/\?inline$/, "");
      const file = bare.startsWith(".")
        ? path.join(resolveDir, bare)
        : require.resolve(bare, { paths: [resolveDir] });
      return { path: file, namespace: "inline-css" };
    });
    build.onLoad({ filter: /.*/, namespace: "inline-css" }, async ({ path: file }) => {
      const text = await readFile(file, "utf8");
      const { code } = await esbuild.transform(text, { loader: "css", minify: true, target: CSS_TARGETS });
      return { contents: `export default ${JSON.stringify(code.trim())};`, loader: "js", watchFiles: [file] };
    });
  },
};

const stems = (await readdir(sources))
  .filter((name) => name.endsWith(".ts"))
  .map((name) => name.slice(0, -3));
await mkdir(target, { recursive: true });
const options = {
  entryPoints: stems.map((stem) => path.join(sources, `${stem}.ts`)),
  outdir: target,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "none",
  charset: "utf8",
  plugins: [inlineCss],
  logLevel: "warning",
};

if (process.argv.includes("--watch")) {
  await (await esbuild.context(options)).watch();
  console.log(`watching ${stems.length} widgets`);
} else {
  await esbuild.build(options);
  for (const stem of stems) {
    const bytes = gzipSync(await readFile(path.join(target, `${stem}.js`))).length;
    console.log(`${stem.padEnd(24)} ${(bytes / 1000).toFixed(1).padStart(6)} kB gzipped`);
  }
}

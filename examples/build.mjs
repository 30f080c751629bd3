// Bundle host pages into one script each: node build.mjs OUT [NAME…]. The frameworks' own compilers, no configuration.
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';
import { compile } from 'svelte/compiler';
import { compileScript, parse } from 'vue/compiler-sfc';

const HERE = dirname(fileURLToPath(import.meta.url));
const ENTRIES = {
  react: 'react/main.jsx', vue: 'vue/main.js', svelte: 'svelte/main.js', tiptap: 'tiptap/main.js', headless: 'headless/main.ts',
};

const singleFiles = {
  name: 'single-file components',
  setup(build) {
    build.onLoad({ filter: /\.svelte$/ }, async ({ path }) => {
      const { js } = compile(await readFile(path, 'utf8'), { filename: path, generate: 'client', css: 'injected' });
      return { contents: js.code, loader: 'js' };
    });
    build.onLoad({ filter: /\.vue$/ }, async ({ path }) => {
      const { descriptor } = parse(await readFile(path, 'utf8'), { filename: path });
      const { content } = compileScript(descriptor, {
        id: 'app', inlineTemplate: true,
        templateOptions: { compilerOptions: { isCustomElement: (tag) => tag === 'suggest-box' } }, // as in vite.config.js
      });
      return { contents: content, loader: 'js' };
    });
  },
};

const [out, ...names] = process.argv.slice(2);
await esbuild.build({
  entryPoints: Object.fromEntries((names.length ? names : Object.keys(ENTRIES)).map((name) => [name, join(HERE, ENTRIES[name])])),
  outdir: out, bundle: true, minify: true, format: 'esm', target: 'es2022', jsx: 'automatic',
  external: ['http://*', 'https://*'], plugins: [singleFiles], logLevel: 'warning',
  define: { 'process.env.NODE_ENV': '"production"', __VUE_OPTIONS_API__: 'false', __VUE_PROD_DEVTOOLS__: 'false', __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false' },
});

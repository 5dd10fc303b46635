// A shop bundled by Rollup, and by Vite for the server.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { has, here, outputFolder, saysWhatToDo, sells } from './harness.mjs';

const input = join(here, 'projects/main.mjs');

describe('a shop bundled by Rollup', () => {
  for (const format of ['es', 'cjs']) {
    it(`as ${format}, with netgiro external, sells`, async (t) => {
      if (!has(t, 'rollup')) return;
      const { rollup } = await import('rollup');
      const bundle = await rollup({ input, external: ['netgiro'] });
      const file = join(outputFolder(`rollup-${format}`), format === 'es' ? 'main.mjs' : 'main.cjs');
      await bundle.write({ file, format });
      await sells(t, file);
    });

    it(`as ${format}, without its addon, says what to do`, async (t) => {
      if (!has(t, 'rollup', '@rollup/plugin-node-resolve', '@rollup/plugin-commonjs')) return;
      const { rollup } = await import('rollup');
      const { default: resolve } = await import('@rollup/plugin-node-resolve');
      const { default: commonjs } = await import('@rollup/plugin-commonjs');
      const bundle = await rollup({
        input,
        external: [/\.node$/],
        plugins: [resolve({ preferBuiltins: true }), commonjs({ ignoreTryCatch: true })],
        onwarn: () => {},
      });
      const file = join(outputFolder(`rollup-lost-${format}`), format === 'es' ? 'main.mjs' : 'main.cjs');
      await bundle.write({ file, format, inlineDynamicImports: true });
      await saysWhatToDo(file);
    });
  }
});

describe('a shop built by Vite for the server', () => {
  async function built(name, ssr) {
    const { build } = await import('vite');
    const outDir = outputFolder(`vite-${name}`);
    await build({
      root: join(here, 'projects'),
      configFile: false,
      logLevel: 'silent',
      build: { ssr: 'main.mjs', outDir, rollupOptions: { output: { entryFileNames: 'main.mjs' } } },
      ...(ssr ? { ssr } : {}),
    });
    return join(outDir, 'main.mjs');
  }

  it('sells: netgiro is external by default', async (t) => {
    if (!has(t, 'vite')) return;
    const file = await built('default');
    assert.match(readFileSync(file, 'utf8'), /from ["']netgiro["']/);
    await sells(t, file);
  });

  it('sells with noExternal, where netgiro is named external', async (t) => {
    if (!has(t, 'vite')) return;
    const file = await built('named', { noExternal: true, external: ['netgiro'] });
    assert.match(readFileSync(file, 'utf8'), /from ["']netgiro["']/);
    await sells(t, file);
  });

  it('sells from the development server’s module runner', async (t) => {
    if (!has(t, 'vite')) return;
    const folder = outputFolder('vite-dev');
    const program = join(folder, 'dev.mjs');
    writeFileSync(
      program,
      `import { createServer } from 'vite';
      const server = await createServer({ root: ${JSON.stringify(join(here, 'projects'))}, configFile: false, logLevel: 'silent', appType: 'custom', server: { middlewareMode: true, ws: false } });
      const { pay } = await server.ssrLoadModule('/pay.mjs');
      console.log(JSON.stringify(await pay('order-1')));
      await server.close();`,
    );
    await sells(t, program);
  });
});

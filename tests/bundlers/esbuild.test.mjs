// A shop bundled by esbuild, with each way it has with .node files.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { build } from 'esbuild';
import { here, outputFolder, saysWhatToDo, sells } from './harness.mjs';

/** As docs/frameworks/bundlers.md has it: in an ES module there is no `require` for Node's own modules. */
const REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

async function bundled(name, format, options) {
  const outfile = join(outputFolder(`esbuild-${name}`), format === 'esm' ? 'main.mjs' : 'main.cjs');
  const banner = format === 'esm' ? { banner: { js: REQUIRE } } : {};
  await build({
    entryPoints: [join(here, 'projects/main.mjs')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format,
    logLevel: 'silent',
    ...banner,
    ...options,
  });
  return outfile;
}

describe('a shop bundled by esbuild', () => {
  for (const format of ['cjs', 'esm']) {
    for (const loader of ['copy', 'file']) {
      for (const minify of [false, true]) {
        it(`as ${format}, with the loader ${loader}${minify ? ', minified' : ''}, sells`, async (t) => {
          await sells(t, await bundled(`${loader}-${format}`, format, { loader: { '.node': loader }, minify }));
        });
      }
    }

    it(`as ${format}, with netgiro external, sells`, async (t) => {
      await sells(t, await bundled(`external-${format}`, format, { external: ['netgiro'] }));
    });

    it(`as ${format}, with its addon lost, says what to do`, async () => {
      await saysWhatToDo(await bundled(`lost-${format}`, format, { external: ['*.node'] }));
    });
  }

  it('is not bundled without a loader, and the line that esbuild prints names the page', async () => {
    const { errors } = await bundled('none', 'cjs').then(assert.fail, (error) => error);
    assert.match(errors[0].text, /^No loader is configured for "\.node" files: .*netgiro/);
    assert.match(errors[0].location.lineText, /bundlers\.md/);
  });
});

// A shop bundled by webpack, with node-loader and with assets.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { has, here, outputFolder, saysWhatToDo, sells } from './harness.mjs';

const RULES = {
  'node-loader': { test: /\.node$/, loader: 'node-loader' },
  'asset/resource': { test: /\.node$/, type: 'asset/resource' },
};

async function bundled(name, isModule, options) {
  const { default: webpack } = await import('webpack');
  const path = outputFolder(`webpack-${name.replace('/', '-')}`);
  const output = { path, filename: isModule ? 'main.mjs' : 'main.cjs', publicPath: '' };
  const compiler = webpack({
    mode: 'production',
    target: 'node',
    entry: join(here, 'projects/main.mjs'),
    output: isModule ? { ...output, module: true, chunkFormat: 'module' } : output,
    experiments: { outputModule: isModule },
    ...options,
  });
  const stats = await new Promise((resolve, reject) => compiler.run((error, made) => (error ? reject(error) : resolve(made))));
  await new Promise((resolve) => compiler.close(resolve));
  return { file: join(path, output.filename), errors: stats.toJson().errors };
}

describe('a shop bundled by webpack', () => {
  for (const isModule of [false, true]) {
    const as = isModule ? 'an ES module' : 'CommonJS';
    for (const [name, rule] of Object.entries(RULES)) {
      it(`as ${as}, with ${name}, sells`, async (t) => {
        if (!has(t, 'webpack', 'node-loader')) return;
        const { file, errors } = await bundled(name, isModule, { module: { rules: [rule] } });
        assert.deepEqual(errors, []);
        await sells(t, file);
      });
    }

    it(`as ${as}, with netgiro external, sells`, async (t) => {
      if (!has(t, 'webpack')) return;
      const external = isModule ? 'module netgiro' : 'commonjs netgiro';
      const { file, errors } = await bundled('external', isModule, { externals: { netgiro: external } });
      assert.deepEqual(errors, []);
      await sells(t, file);
    });
  }

  it('with its addon lost, says what to do', async (t) => {
    if (!has(t, 'webpack')) return;
    const { file } = await bundled('lost', false, { externals: [/\.node$/], externalsType: 'commonjs' });
    await saysWhatToDo(file);
  });

  it('is not bundled without a rule, and the error names the file', async (t) => {
    if (!has(t, 'webpack')) return;
    const { errors } = await bundled('none', false, {});
    assert.match(errors[0].moduleName ?? errors[0].message, /netgiro[\w.-]*\.node/);
  });
});

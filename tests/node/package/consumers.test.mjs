// The installed package as ES modules, CommonJS modules and TypeScript see it.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as netgiro from 'netgiro';
import { root } from '../harness.mjs';

const run = promisify(execFile);
const here = fileURLToPath(new URL('consumers/', import.meta.url));
const require = createRequire(import.meta.url);
const packageFolder = join(here, '../../../node_modules/netgiro');

const EXPORTS = Object.keys(netgiro).sort();

async function node(...args) {
  const { stdout } = await run(process.execPath, args, { cwd: here, timeout: 20_000 });
  return stdout;
}

/** Compiles with everything strict; gives tsc's complaints. */
async function tsc(...args) {
  const strict = ['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess'];
  if (!args.includes('--module')) strict.push('--module', 'NodeNext');
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  try {
    await run(process.execPath, [compiler, ...strict, ...args], { cwd: here });
    return '';
  } catch ({ stdout }) {
    return stdout;
  }
}

const nodeTypes = ['--typeRoots', join(root, 'node_modules/@types'), '--types', 'node'];

describe('consumers', () => {
  for (const name of ['consumer.mjs', 'consumer.cjs']) {
    it(name, async () => {
      const outcome = JSON.parse(await node(name));
      assert.deepEqual(outcome, [true, 'confirmed', true, false, 64, EXPORTS]);
    });
  }

  it('consumer.mts, strict, with Node’s types', async () => {
    const options = ['--target', 'ES2022', '--lib', 'ES2023', '--outDir', 'compiled', ...nodeTypes];
    assert.equal(await tsc(...options, 'consumer.mts'), '');
    const outcome = JSON.parse(await node('compiled/consumer.mjs'));
    assert.deepEqual(outcome, ['paid', 'confirmed', 'confirmed', '4990.00', 'invalid_request', 'function', 64]);
  });

  it('consumer.mts, with the browser’s types and explicit resources', async () => {
    assert.equal(await tsc('--noEmit', '--target', 'ESNext', '--lib', 'ESNext,DOM', 'consumer.mts'), '');
  });

  it('consumer.cts, with no types but the language’s', async () => {
    const options = ['--target', 'ES2022', '--lib', 'ES2022', '--outDir', 'compiled'];
    assert.equal(await tsc(...options, 'consumer.cts'), '');
    assert.equal(await require('./consumers/compiled/consumer.cjs')(), 'canceled true');
  });
});

describe('the types are found, of the package and of its subpaths, by', () => {
  const ways = {
    'node10': ['--module', 'CommonJS', '--moduleResolution', 'node10', '--ignoreDeprecations', '6.0', 'found.ts'],
    'node16 in CommonJS': ['--module', 'Node16', 'found.cts'],
    'node16 in an ES module': ['--module', 'Node16', 'found.mts'],
    'nodenext in CommonJS': ['--module', 'NodeNext', 'found.cts'],
    'nodenext in an ES module': ['--module', 'NodeNext', 'found.mts'],
    'a bundler in CommonJS': ['--module', 'CommonJS', '--moduleResolution', 'Bundler', 'found.cts'],
    'a bundler in an ES module': ['--module', 'ESNext', '--moduleResolution', 'Bundler', 'found.mts'],
  };
  const source = `
    import { type CartState, Client, NetgiroError } from 'netgiro';
    import { type RunningSimulator, simulatorFor } from 'netgiro/testing';
    export const state = (client: Client): Promise<CartState> => client.checkCart('');
    export const running = (test: { after: (call: () => Promise<void>) => void }): Promise<RunningSimulator> => simulatorFor(test);
    export const same = (client: RunningSimulator['client']): Client => client;
    // @ts-expect-error a code is one of the table
    export const code: number = new NetgiroError('').code;
  `;
  for (const [name, options] of Object.entries(ways)) {
    it(name, async () => {
      writeFileSync(join(here, options.at(-1)), source);
      assert.equal(await tsc('--noEmit', '--target', 'ES2022', '--lib', 'ES2022', ...options), '');
    });
  }
});

describe('the types and the module', () => {
  /** Compiles a file made for one question. */
  async function ask(source) {
    writeFileSync(join(here, 'asked.mts'), source);
    return await tsc('--noEmit', '--target', 'ES2022', '--lib', 'ES2023', ...nodeTypes, 'asked.mts');
  }

  it('have the same exports', async () => {
    const names = EXPORTS.map((name) => `'${name}'`).join(' | ');
    const source = `
      import * as netgiro from 'netgiro';
      type Typed = keyof typeof netgiro;
      const missing: [Exclude<Typed, ${names}>] extends [never] ? true : Exclude<Typed, ${names}> = true;
      const untyped: [Exclude<${names}, Typed>] extends [never] ? true : Exclude<${names}, Typed> = true;
      void [missing, untyped];
    `;
    assert.equal(await ask(source), '');
  });

  it('have the same members in each class', async () => {
    const simulator = await netgiro.Simulator.start();
    const client = simulator.client();
    const id = '0f0e0d0c-0b0a-4908-8706-050403020100';
    const instances = {
      Client: client,
      CartPoll: new netgiro.CartPoll(id),
      MemoryReplayGuard: new netgiro.MemoryReplayGuard(),
      Simulator: simulator,
      ...Object.fromEntries(
        EXPORTS.filter((name) => name.endsWith('Error')).map((name) => [name, new netgiro[name]('')]),
      ),
    };
    const questions = Object.entries(instances).map(([name, instance]) => {
      const own = Object.keys(instance);
      const inherited = [];
      for (let each = Object.getPrototypeOf(instance); each !== Object.prototype; each = Object.getPrototypeOf(each)) {
        inherited.push(...Object.getOwnPropertyNames(each));
      }
      const members = [...new Set([...own, ...inherited, 'stack', 'cause'])].filter((member) => member !== 'constructor');
      const union = members.map((member) => `'${member}'`).join(' | ');
      const statics = Object.getOwnPropertyNames(netgiro[name])
        .filter((member) => !['length', 'name', 'prototype'].includes(member))
        .map((member) => `'${member}'`);
      const ofErrors = `| 'toString' | 'stack' | 'cause'`;
      return `
        type Typed${name} = Extract<keyof netgiro.${name}, string>;
        const a${name}: [Exclude<Typed${name}, ${union}>] extends [never] ? true : Exclude<Typed${name}, ${union}> = true;
        type Over${name} = Exclude<${union}, Typed${name} ${ofErrors}>;
        const b${name}: [Over${name}] extends [never] ? true : Over${name} = true;
        type Static${name} = Exclude<keyof typeof netgiro.${name}, 'prototype' | keyof typeof Error>;
        const c${name}: [Exclude<Static${name}, ${statics.join(' | ') || 'never'}>] extends [never] ? true : Static${name} = true;
        const d${name}: [Exclude<${statics.join(' | ') || 'never'}, Static${name}>] extends [never] ? true : never = true;
        void [a${name}, b${name}, c${name}, d${name}];
      `;
    });
    assert.equal(await ask(`import type * as netgiro from 'netgiro';\n${questions.join('\n')}`), '');
    await simulator.close();
  });

  it('have the members of every kind of result', async () => {
    const simulator = await netgiro.Simulator.start({ decimals: 2 });
    const client = simulator.client();
    const callbackUrl = 'http://127.0.0.1:9/cb';
    const cart = await client.insertCart({ amount: 100, reference: 'a', customerId: '8223281', callbackUrl });
    simulator.confirm(cart);
    const state = await client.checkCart(cart);
    const [checked] = await client.checkMany([cart]);
    const [sent] = simulator.callbacks();
    const results = {
      Cart: cart,
      CartState: state,
      PaymentInfo: state.payment,
      CheckResult: checked,
      Callback: client.verifyCallback({ url: callbackUrl, headers: sent.headers, body: sent.body }),
      SimulatedCart: simulator.carts()[0],
      SimulatedRequest: simulator.requests()[0],
      SimulatedCallback: sent,
    };
    const questions = Object.entries(results).map(([name, result]) => {
      const union = Object.getOwnPropertyNames(result).map((member) => `'${member}'`).join(' | ');
      return `
        const a${name}: [Exclude<keyof netgiro.${name}, ${union}>] extends [never] ? true : never = true;
        const b${name}: [Exclude<${union}, keyof netgiro.${name}>] extends [never] ? true : never = true;
        void [a${name}, b${name}];
      `;
    });
    assert.equal(await ask(`import type * as netgiro from 'netgiro';\n${questions.join('\n')}`), '');
    await simulator.close();
  });

  it('would notice', async () => {
    assert.match(await ask(`import { Klient } from 'netgiro'; void Klient;`), /Klient/);
  });
});

describe('the default export', () => {
  it('has all names', async () => {
    assert.deepEqual(Object.keys(netgiro.default).sort(), EXPORTS.filter((name) => name !== 'default'));
    assert.equal(netgiro.default.Client, netgiro.Client);
    assert.equal(require('netgiro').default.Client, netgiro.Client);
    assert.equal(String(netgiro.default), '[object Object]');
    assert.equal(require('netgiro').default, netgiro.default);
    const testing = await import('netgiro/testing');
    assert.equal(testing.default.useSimulator, testing.useSimulator);
    assert.equal(require('netgiro/testing').default.useSimulator, testing.useSimulator);
    const express = await import('netgiro/express');
    assert.equal(express.default.netgiroCallback, express.netgiroCallback);
    const fastify = await import('netgiro/fastify');
    assert.equal(fastify.default, fastify.netgiro);
    assert.equal(require('netgiro/fastify').default, fastify.netgiro);
  });

  const source = `
    import netgiro, { type CartState, Client } from 'netgiro';
    import testing from 'netgiro/testing';
    export const client = (of: netgiro.ClientOptions): netgiro.Client => new netgiro.Client(of);
    export const same = (of: netgiro.Client): Client => of;
    export const state = (of: Client): Promise<CartState> => of.checkCart('');
    export const running = testing.useSimulator;
  `;
  const ways = {
    'nodenext in CommonJS': ['--module', 'NodeNext', 'default.cts'],
    'nodenext in an ES module': ['--module', 'NodeNext', 'default.mts'],
    'CommonJS with esModuleInterop': ['--module', 'CommonJS', '--moduleResolution', 'node10', '--ignoreDeprecations', '6.0', '--esModuleInterop', 'true', 'default.ts'],
    'CommonJS without': ['--module', 'CommonJS', '--moduleResolution', 'node10', '--ignoreDeprecations', '6.0', '--esModuleInterop', 'false', 'default.ts'],
    'a bundler': ['--module', 'ESNext', '--moduleResolution', 'Bundler', 'default.mts'],
  };
  for (const [name, options] of Object.entries(ways)) {
    it(`is typed, ${name}`, async () => {
      writeFileSync(join(here, options.at(-1)), source);
      assert.equal(await tsc('--noEmit', '--target', 'ES2022', '--lib', 'ES2022', ...options), '');
    });
  }
});

describe('the package', () => {
  const manifest = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'));

  it('holds what it needs and nothing else', () => {
    const inside = readdirSync(packageFolder, { recursive: true }).map(String).sort();
    const expected =
      /^(package\.json|README\.md|LICENSE-(MIT|APACHE)|node|node[/\\]netgiro\.[\w-]+\.node|node[/\\]dist([/\\]\w+)?([/\\][\w-]+\.(js|mjs|d\.ts|d\.mts))?)$/;
    assert.deepEqual(inside.filter((name) => !expected.test(name)), []);
    for (const name of ['LICENSE-MIT', 'LICENSE-APACHE', 'node/dist/index.d.ts', 'node/dist/index.d.mts'].map((each) => join(each))) {
      assert.ok(inside.includes(name), name);
    }
  });

  it('depends on nothing, and runs no script when installed', () => {
    assert.equal(manifest.dependencies, undefined);
    for (const script of ['preinstall', 'install', 'postinstall', 'prepare']) assert.equal(manifest.scripts?.[script], undefined);
    assert.equal(manifest.engines.node, '>=20');
    assert.equal(manifest.license, 'MIT OR Apache-2.0');
  });

  it('names no registry in its lock file', () => {
    assert.doesNotMatch(readFileSync(join(root, 'package-lock.json'), 'utf8'), /"resolved"/);
  });

  it('says what is missing on a platform it was not built for', async () => {
    const source = `
      Object.defineProperty(process, 'platform', { value: 'sunos' });
      try { require('netgiro'); } catch (error) { console.log(error.message); }
    `;
    assert.match(await node('--eval', source), /there is none for sunos-\w+\. It is published for Linux .*macOS and Windows/);
  });

  it('is loaded as one file, and the compiled half', async () => {
    const source = `
      require('netgiro');
      console.log(JSON.stringify(Object.keys(require.cache).map((file) => require('node:path').basename(file))));
    `;
    const [index, ...others] = JSON.parse(await node('--eval', source));
    assert.equal(index, 'index.js');
    assert.deepEqual(others.map((name) => /^netgiro\.[\w-]+\.node$/.test(name)), [true]);
  });

  it('loads twice in a process, as CommonJS and as a module, as one', async (t) => {
    assert.equal(require('netgiro').Client, netgiro.Client);
    const { simulatorFor } = require('netgiro/testing');
    assert.equal((await import('netgiro/testing')).simulatorFor, simulatorFor);
    assert.ok((await simulatorFor(t)).client instanceof netgiro.Client);
    await assert.rejects(simulatorFor({}), netgiro.ConfigurationError);
    assert.equal(require('netgiro/package.json').version, manifest.version);
  });
});

'use strict';
// A simulator for each suite, or for each test: for node:test, Vitest, and runners whose hooks are called as theirs.

const { ConfigurationError } = require('./errors.cjs').classes;
const { members, types } = require('./arguments.cjs');
const { OPTIONS, Simulator } = require('./simulator.cjs');

const { fn, plain } = types;

function useSimulator(hooks, options) {
  const before = hook('useSimulator', hooks, 'before', 'beforeAll');
  const after = hook('useSimulator', hooks, 'after', 'afterAll');
  let running;
  before(async () => {
    running = await start(options);
  });
  after(async () => {
    await running?.stop();
    running = undefined;
  });
  const started = () => {
    if (running) return running;
    throw new ConfigurationError('the simulator runs while the tests of its suite do: use it in a test, or in a later hook');
  };
  return {
    get simulator() {
      return started().simulator;
    },
    get client() {
      return started().client;
    },
    get env() {
      return started().env;
    },
  };
}

async function simulatorFor(test, options) {
  const after = hook('simulatorFor', test, 'after', 'onTestFinished');
  const { stop, ...running } = await start(options);
  after(stop);
  return running;
}

/** A hook, under the name that node:test or Vitest has for it; called as a method, which node:test's context needs. */
function hook(where, hooks, ...names) {
  const name = names.find((each) => fn.fits(hooks?.[each]));
  if (name !== undefined) return (call) => hooks[name](call);
  throw new ConfigurationError(`${where} needs ${names.join(' or ')}: ${names[0]} of node:test, ${names[1]} of Vitest`);
}

async function start(given = {}) {
  const options = members('the simulator', given, { ...OPTIONS, client: plain });
  const clientOptions = options.client;
  delete options.client;
  const simulator = await Simulator.start({ ...options });
  const client = simulator.client(clientOptions);
  const env = {
    NETGIRO_APP_KEY: simulator.appKey,
    NETGIRO_SECRET_KEY: simulator.secretKey,
    NETGIRO_BASE_URL: simulator.url,
  };
  const stop = async () => {
    await client.close();
    await simulator.close();
  };
  return { simulator, client, env, stop };
}

module.exports = { simulatorFor, useSimulator };

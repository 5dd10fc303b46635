// Express 5 and 4, with parsers before and after the route.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import express5 from 'express';
import express4 from 'express4';
import { Client, ConfigurationError } from 'netgiro';
import { netgiroCallback } from 'netgiro/express';
import { keepsTheContract } from './contract.mjs';
import { listen, send } from '../harness.mjs';

const client = new Client({ appKey: '881E674F-7891-4C20-AFD8-56FE2624C4B5', secretKey: 'secret' });
const minimal = { client, url: 'https://shop.example/netgiro/callback', order: () => null };
const keeping = { verify: (request, response, bytes) => (request.kept = bytes) };

for (const [version, express] of [['Express 5', express5], ['Express 4', express4]]) {
  keepsTheContract(`${version}: the route first, then the parsers`, (options, path) => {
    const app = express();
    const route = netgiroCallback(options);
    app.use(path, route);
    app.use(express.json());
    app.use(express.urlencoded({ extended: true }));
    return { handler: app, close: route.close };
  });

  for (const extended of [true, false]) {
    keepsTheContract(`${version}: behind express.urlencoded({ extended: ${extended} })`, (options, path) => {
      const app = express();
      app.use(express.urlencoded({ extended }));
      const route = netgiroCallback(options);
      app.use(path, route);
      return { handler: app, close: route.close };
    });
  }

  describe(`${version}: mounting`, () => {
    it('after express.json() is an error when the shop starts, which says how to mount it', () => {
      const app = express();
      app.use(express.json());
      assert.throws(
        () => app.use('/netgiro/callback', netgiroCallback(minimal)),
        (error) => {
          assert.ok(error instanceof ConfigurationError);
          assert.match(error.message, /express\.json\(\) comes before the callback route \/netgiro\/callback/);
          assert.match(error.message, /app\.use\('\/netgiro\/callback', netgiroCallback\(\{ … \}\)\);\n\s+app\.use\(express\.json/);
          assert.match(error.message, /verify/);
          return true;
        },
      );
    });

    it('is that error as well in an app within an app, and behind a router’s parser', () => {
      const outer = express();
      const inner = express();
      outer.use(express.json());
      inner.use('/callback', netgiroCallback(minimal));
      assert.throws(() => outer.use('/netgiro', inner), /callback route \/netgiro\/callback/);

      const app = express();
      const router = express.Router();
      router.use(express.json());
      app.use('/netgiro', router);
      assert.throws(() => app.use('/netgiro/callback', netgiroCallback(minimal)), ConfigurationError);
    });

    it('is none where the parser is for other paths, for other types, or comes later', () => {
      const app = express();
      app.use('/api', express.json());
      app.use(express.urlencoded({ extended: true }));
      app.use(express.static('.'));
      app.get('/', () => {});
      app.use('/netgiro/callback', netgiroCallback(minimal));
      app.use(express.json());
    });

    it('where it cannot be seen, requests are answered by 500, which the log explains', async (t) => {
      const problems = [];
      const app = express();
      app.use(express.json());
      app.post('/netgiro/callback', netgiroCallback({ ...minimal, onError: (error) => problems.push(error.message) }));
      const { server, origin, close } = await listen();
      server.on('request', app);
      t.after(close);
      const headers = { 'Content-Type': 'application/json' };
      const { status, text } = await send(`${origin}/netgiro/callback`, { body: '{}', headers });
      assert.equal(status, 500);
      assert.match(text, /body parser/);
      assert.match(problems[0], /Mount the route first/);
    });
  });
}

keepsTheContract('Express: in a router, by app.all', (options, path) => {
  const app = express5();
  const router = express5.Router();
  const route = netgiroCallback(options);
  router.all(path, route);
  app.use(router);
  app.use(express5.json());
  return { handler: app, close: route.close };
});

keepsTheContract('Express: behind a parser that keeps the bytes', (options, path) => {
  const app = express5();
  app.use(express5.json({ ...keeping, strict: false }));
  const route = netgiroCallback({ ...options, rawBody: (request) => request.kept });
  app.use(path, route);
  // As shops do: what a parser refuses is answered by its status.
  app.use((error, request, response, next) => (response.headersSent ? next(error) : response.sendStatus(error.status ?? 500)));
  return { handler: app, close: route.close };
}, { readsToTheEnd: true });

keepsTheContract('Express: with express.raw() for the route', (options, path) => {
  const app = express5();
  const route = netgiroCallback(options);
  app.all(path, express5.raw({ type: () => true, limit: 64 * 1024 }), route);
  app.use((error, request, response, next) => (response.headersSent ? next(error) : response.sendStatus(error.status ?? 500)));
  return { handler: app, close: route.close };
}, { readsToTheEnd: true });

describe('netgiroCallback', () => {
  it('refuses options that cannot be meant', () => {
    const wrong = { client: {}, url: '/netgiro/callback', order: 5, record: 'x', ledger: {}, replayGuard: {}, rawBody: 'rawBody', nonsense: 1 };
    for (const [name, value] of Object.entries(wrong)) {
      assert.throws(() => netgiroCallback({ ...minimal, [name]: value }), (error) => {
        assert.ok(error instanceof ConfigurationError, name);
        assert.match(error.message, new RegExp(name));
        return true;
      });
    }
    assert.throws(() => netgiroCallback(), ConfigurationError);
  });
});

// Makes the JavaScript in node/dist, from the sources that tsc has checked. Its declarations are tsc's.

import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const sources = dirname(fileURLToPath(import.meta.url));
const dir = join(sources, 'dist');
const SUBPATHS = ['bullmq', 'express', 'fastify', 'testing'].map((name) => `integrations/${name}`);
const INDEX = join(sources, 'index.ts');
const NAMES = join(sources, 'names.ts');

const { config } = ts.readConfigFile(join(sources, '../tsconfig.json'), (path) => readFileSync(path, 'utf8'));
const { target } = config.compilerOptions;

/** A warning stops the build, as an error does. */
function onLog(level, log, handle) {
  handle(level === 'warn' ? 'error' : level, log);
}

/** The sources of entry points, by what their files are called in node/dist. */
function entries(names, extension) {
  return Object.fromEntries(names.map((name) => [name, join(sources, `${name}.${extension}`)]));
}

/** Takes the types out of a file. */
const typescript = {
  name: 'typescript',
  transform: (code, fileName) => ts.transpileModule(code, { fileName, compilerOptions: { target, module: 'ESNext' } }).outputText,
};

/** Finds the source of a file, and makes sure that what the main entry point exports for subpaths alone is no name of the package. */
const commonjs = {
  name: 'commonjs',
  resolveId(source, importer) {
    return importer && source.startsWith('.') ? resolve(importer, '..', source.replace(/\.js$/, '.ts')) : null;
  },
  transform(code, id) {
    if (id !== INDEX) return null;
    // Rollup's object for a namespace has no prototype, and cannot be printed.
    const made = code.replace('export default netgiro;', 'export default { ...netgiro };');
    if (made === code) this.error('index.ts exports no default that is called netgiro');
    return made;
  },
  outro({ facadeModuleId, exports }) {
    if (facadeModuleId !== INDEX) return '';
    const { exports: names } = this.getModuleInfo(NAMES);
    const internal = exports.filter((name) => name !== 'default' && !names.includes(name));
    return `for (const name of ${JSON.stringify(internal)}) Object.defineProperty(exports, name, { enumerable: false });`;
  },
};

/**
 * All that the main entry point needs is in its file: Node takes longer to find a file than to run it. Subpaths take classes
 * and state from there, so that both exist once.
 */
function chunkOf(id, { getModuleInfo }) {
  const needed = new Set([INDEX]);
  for (const each of needed) for (const imported of getModuleInfo(each).importedIds) needed.add(imported);
  if (needed.has(id)) return 'index';
  return id.startsWith(join(sources, 'webhook')) ? 'webhook/route' : null;
}

const VIRTUAL_NAMES = '\0names';

/** Leaves imports of CommonJS modules as they are, but for that of names.js, which is part of index.js: its object is the default there. */
const esModules = {
  name: 'es-modules',
  resolveId(source, importer) {
    if (!importer) return null;
    return source === './names.js' ? VIRTUAL_NAMES : { id: source, external: true };
  },
  load(id) {
    return id === VIRTUAL_NAMES
      ? "import index from './index.js'; export * from './index.js'; export default index.default;"
      : null;
  },
};

export default [
  {
    input: entries(['index', 'cli', ...SUBPATHS], 'ts'),
    external: /^node:/,
    plugins: [commonjs, typescript],
    preserveEntrySignatures: 'allow-extension',
    treeshake: false,
    onLog,
    output: {
      dir,
      format: 'cjs',
      exports: 'named',
      generatedCode: { preset: 'es2015', symbols: false },
      hoistTransitiveImports: false,
      minifyInternalExports: false,
      manualChunks: chunkOf,
      chunkFileNames: '[name].js',
    },
  },
  {
    input: entries(['index', ...SUBPATHS], 'mts'),
    plugins: [esModules, typescript],
    makeAbsoluteExternalsRelative: false,
    onLog,
    output: { dir, format: 'es', entryFileNames: '[name].mjs' },
  },
];

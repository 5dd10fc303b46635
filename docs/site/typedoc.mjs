// Node's reference, as pages of the site. A name without documentation is an error.

import { Converter, ReflectionKind } from 'typedoc';

const ENTRIES = ['index', 'integrations/express', 'integrations/fastify', 'integrations/bullmq', 'integrations/testing'];

/** Names modules as they are imported, and leaves out the default exports that only hold all names of a module again. */
function asImported(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.getReflectionsByKind(ReflectionKind.Module)) {
      module.name = module.name.replace('index', 'netgiro').replace('integrations', 'netgiro');
    }
    for (const again of project.getReflectionsByKind(ReflectionKind.Namespace | ReflectionKind.Variable)) {
      if (again.name === 'default') project.removeReflection(again);
    }
  });
}

export default {
  entryPoints: ENTRIES.map((name) => `../../node/${name}.ts`),
  tsconfig: '../../tsconfig.json',
  plugin: ['typedoc-plugin-markdown', asImported],
  readme: 'none',
  name: 'netgiro',
  entryFileName: 'index',
  hideBreadcrumbs: true,
  hidePageHeader: true,
  disableSources: true,
  useCodeBlocks: true,
  expandObjects: true,
  parametersFormat: 'table',
  validation: { notDocumented: true, notExported: true, invalidLink: true },
  // What callers write as a literal, and need no name for.
  intentionallyNotExported: ['Hook', 'AnsweredOptions', 'NamedBy'],
  treatWarningsAsErrors: true,
};

// How a bundle gets at modules of Node.js and at packages in CommonJS. Left to itself, esbuild copies all names of such a
// module (1,400 of Kubernetes' classes) for each file that imports one, and loads at each start what is seldom used.
'use strict';
const { createRequire } = require('node:module');
const path = require('node:path');

/** For all sources alike: a name that nobody imports costs nothing. */
const shared = /^(node:.*|cdk8s|cdk8s-plus-28\/.*|constructs)$/;

/** Loaded at the first call: what starts programs, and what cdk8s reads, writes and patches YAML with. */
const seldom = /^(node:)?(child_process|yaml|fast-json-patch)$/;

const isPackage = (file) => /(^|\/)node_modules\//.test(file);

function namesOf(module) {
  return Object.keys(module).filter((name) => /^[A-Za-z_$][\w$]*$/.test(name) && name !== 'default');
}

function sharedModule(name, module) {
  const exports = namesOf(module).map(
    (each, index) => `const _${index} = /* @__PURE__ */ of('${each}'); export { _${index} as ${each} };`,
  );
  return [`const all = require('${name}'); const of = (name) => all[name];`, ...exports, 'export default all;'].join(
    '\n',
  );
}

function seldomModule(name, module) {
  const loaded = `require('${name}')`;
  const members = namesOf(module).map((each) =>
    // cdk8s keeps one of them when it is loaded.
    each.endsWith('Sync')
      ? `${each}: (...given) => ${loaded}.${each}(...given)`
      : `get ${each}() { return ${loaded}.${each}; }`,
  );
  return `module.exports = {\n${members.join(',\n')}\n};`;
}

const modules = {
  name: 'modules',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[^.]/ }, ({ path: name, namespace, importer, kind, resolveDir }) => {
      const pluginData = { folder: resolveDir };
      const bySource = namespace === 'file' && kind === 'import-statement' && !isPackage(importer);
      if (bySource && shared.test(name)) return { path: name, namespace: 'shared', pluginData };
      const byCommonJs = kind === 'require-call' && namespace !== 'seldom';
      return byCommonJs && seldom.test(name) ? { path: name, namespace: 'seldom', pluginData } : undefined;
    });
    for (const [namespace, write] of Object.entries({ shared: sharedModule, seldom: seldomModule })) {
      onLoad({ filter: /.*/, namespace }, ({ path: name, pluginData: { folder } }) => {
        const module = createRequire(path.join(folder, 'a-source.js'))(name);
        return { resolveDir: folder, contents: write(name, module) };
      });
    }
  },
};

module.exports = { modules };

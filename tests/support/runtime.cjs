// The modules of a world that lasts, see environment.cjs. `registries` is no interface of jest-runtime, whose version
// package.json pins: maps of what was loaded, by file or URL.
'use strict';
const { default: Runtime } = require('jest-runtime');

const runtimes = new WeakMap();

const isAnew = {
  // Jest's own: what has the state of a file of tests.
  internalModuleRegistry: (file) => file.includes('/jest-circus/'),
  moduleRegistry: (file, { setupFiles }) => setupFiles.includes(file),
  esModuleRegistry: (url) => url.endsWith('.test.ts') || url.startsWith('@jest/globals'),
};

module.exports = class WorldRuntime extends Runtime {
  constructor(...given) {
    const [, world] = given;
    const runtime = runtimes.get(world);
    if (runtime !== undefined) return runtime.forNextFile();
    super(...given);
    if (world.lasts) runtimes.set(world, this);
  }

  forNextFile() {
    for (const [name, is] of Object.entries(isAnew)) {
      const registry = this.registries[name];
      for (const key of registry.keys()) if (is(key, this._config)) registry.delete(key);
    }
    // What failed to load fails for the next one in its own words.
    const loaded = [...this.registries.esModuleRegistry.values()];
    if (loaded.some(({ status }) => status !== 'evaluated')) this.resetModules();
    // Modules may import while they are loaded.
    this.enterTestCode();
    return this;
  }

  teardown() {
    if (runtimes.get(this._environment) === this) this.restoreAllMocks();
    else super.teardown();
  }
};

// One world for all files of tests that a worker runs one after the other: what they import is loaded once, not anew for
// each, which was half of all time. Whoever changes what outlives a test puts it back; `process.env` is put back here.
'use strict';
const { TestEnvironment } = require('jest-environment-node');

/** Symbols that jest-circus makes anew for each file, with what it declares and who listens. */
const ofTests = new Set(['JEST_STATE_SYMBOL', 'EVENT_HANDLERS']);

/** By project. */
const worlds = new Map();

module.exports = class World extends TestEnvironment {
  constructor(config, context) {
    const { projectConfig, globalConfig } = config;
    const name = projectConfig.displayName.name;
    const world = worlds.get(name);
    if (world !== undefined) return world.forNextFile();
    super(config, context);
    // While files are watched they change, and one process runs them again and again.
    this.lasts = !globalConfig.watch && !globalConfig.watchAll;
    this.exit = this.global.process.exit;
    if (this.lasts) worlds.set(name, this);
  }

  forNextFile() {
    const inside = this.global.process;
    for (const name of Object.keys(inside.env)) delete inside.env[name];
    Object.assign(inside.env, process.env);
    // Jest puts its own one around it for each file.
    inside.exit = this.exit;
    // What ends a command at a signal would end this worker, when another file plays that signal.
    for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM']) inside.removeAllListeners(signal);
    for (const key of Object.getOwnPropertySymbols(this.global)) {
      if (ofTests.has(key.description)) delete this.global[key];
    }
    this._globalProxy.leftovers.length = 0;
    return this;
  }

  async teardown() {
    if (!this.lasts) await super.teardown();
  }
};

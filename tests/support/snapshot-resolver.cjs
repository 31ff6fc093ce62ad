// One snapshot file a test, in __snapshots__/ at the root, mirroring tests/.
const path = require('node:path');
const root = path.join(__dirname, '..', '..');

module.exports = {
  resolveSnapshotPath: (testPath, extension) =>
    path.join(root, '__snapshots__', path.relative(path.join(root, 'tests'), testPath) + extension),
  resolveTestPath: (snapshotPath, extension) =>
    path.join(root, 'tests', path.relative(path.join(root, '__snapshots__'), snapshotPath).slice(0, -extension.length)),
  testPathForConsistencyCheck: path.join(root, 'tests', 'core', 'example.test.ts'),
};

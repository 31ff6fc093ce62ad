// What a bundle was made of, and whether that is still so. Reading every source at each start would take longer than
// asking the file system: a file whose device, inode, size and times of change (which no program can set) are the same
// has the same content. What changed so shortly before it was read that a second change might have left the same time
// is compared by content, until it is old enough.
'use strict';
const fs = require('node:fs');
const path = require('node:path');

/** Longer than the finest time that any file system keeps. */
const settledAfter = 2_000_000_000n;

const cacheOf = (root) => path.join(root, 'node_modules', '.cache', 'diptych', 'programs');

/** Several copies of the repository may share node_modules, and several versions of Node.js may run. */
function recordFile(root, program) {
  return path.join(cacheOf(root), `${process.version}${`${root}/${program}`.replaceAll('/', '+').slice(-200)}.json`);
}

function readRecord(root, program) {
  try {
    const record = JSON.parse(fs.readFileSync(recordFile(root, program), 'utf8'));
    return record.root === root && record.program === program ? record : undefined;
  } catch (error) {
    if (error.code === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function writeRecord(root, program, { bundle, readAt, files }) {
  const record = { root, program, bundle, readAt: String(readAt), files };
  writeAtomically(recordFile(root, program), JSON.stringify(record));
}

/** What the file system says of a file or folder; undefined where it is gone. */
function stampOf(file) {
  const stat = fs.statSync(file, { bigint: true, throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  const { dev, ino, size, mtimeNs, ctimeNs } = stat;
  return { stamp: `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`, time: ctimeNs, folder: stat.isDirectory() };
}

function isCurrent(root, { readAt, files }) {
  const before = BigInt(readAt) - settledAfter;
  return files.every(({ file, stamp }) => {
    const now = stampOf(path.join(root, file));
    return now !== undefined && now.stamp === stamp && now.time < before;
  });
}

/** Programs that run at the same time never see half a file. */
function writeAtomically(file, content) {
  fs.writeFileSync(`${file}.${process.pid}`, content);
  fs.renameSync(`${file}.${process.pid}`, file);
}

module.exports = { cacheOf, isCurrent, readRecord, stampOf, writeAtomically, writeRecord };

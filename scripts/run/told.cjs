// An exception as somebody who edits the sources wants to read it: positions are those of the sources, not of the bundle.
'use strict';
const fs = require('node:fs');
const { SourceMap } = require('node:module');
const path = require('node:path');
const { inspect } = require('node:util');

function told(root, bundle, error) {
  // Wrong input that is found while modules load: nobody above can tell it in words.
  if (error?.name === 'InputError') return error.message;
  // What was made anew, or taken away, while the program ran: the exception is told all the same.
  if (!fs.existsSync(`${bundle}.map`)) return inspect(error);
  const map = new SourceMap(JSON.parse(fs.readFileSync(`${bundle}.map`, 'utf8')));
  const positions = [];
  const text = inspect(error)
    .replaceAll(new RegExp(`${escaped(bundle)}:(\\d+):(\\d+)`, 'g'), (place, line, column) => {
      const { originalSource, originalLine, originalColumn } = map.findEntry(line - 1, column - 1);
      if (originalSource === undefined) return place;
      const file = path.relative(root, path.resolve(path.dirname(bundle), originalSource));
      const position = `${file}:${originalLine + 1}:${originalColumn + 1}`;
      positions.push(position);
      return position;
    })
    .replaceAll(/\n +at .*(node:internal|scripts\/run\.cjs).*/g, '');
  const own = positions.find((position) => !position.startsWith('node_modules/'));
  const wrong = positions.find((position) => /^(apps|config\/environments)\//.test(position));
  if (wrong !== undefined && error instanceof Error) return inWords(wrong, own, error);
  return own === undefined ? text : `${own}: ${text}`;
}

/** What an operator wrote, and a construct could make nothing of: the type checker tells more than a stack does. */
function inWords(where, found, { name, message }) {
  const place = found === where ? '' : ` (${found})`;
  return [
    `${where}: ${name}: ${message}${place}`,
    '  allowed: what the types of its constructs and of config/schema.ts say',
    '  remedy:  run npm run typecheck, which names what was left out, is misspelt or is of another type; else mend that line',
  ].join('\n');
}

function escaped(text) {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

module.exports = { told };

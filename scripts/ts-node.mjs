// The way that needs no cache: node --import ./scripts/ts-node.mjs main.ts
import { register } from 'node:module';
import './run/installed.cjs';

register('ts-node/esm', import.meta.url);

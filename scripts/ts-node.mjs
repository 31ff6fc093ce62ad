// The way that needs no cache: node --import ./scripts/ts-node.mjs main.ts
import { register } from 'node:module';

register('ts-node/esm', import.meta.url);

export { Foundations } from './foundations.ts';
export type { FoundationsProps } from './foundations.ts';

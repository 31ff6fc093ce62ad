export { NextFrontend, nextFrontendDefaults } from './next-frontend.ts';
export type { NextFrontendProps } from './next-frontend.ts';

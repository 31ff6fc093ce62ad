export { cacheContract } from './contract.ts';
export type { Contract } from './contract.ts';
export { NestBackend, nestBackendDefaults } from './nest-backend.ts';
export type { NestBackendProps } from './nest-backend.ts';

export { NestBackend, nestBackendDefaults } from './nest-backend.ts';
export type { NestBackendProps } from './nest-backend.ts';

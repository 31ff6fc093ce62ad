// The migrations of the proving ground: they run in a Job before a new version of the backend starts, as the role that owns
// the tables. The database has no pods in the proving ground yet, so there is nothing to bring up to date.
import process from 'node:process';
import { checkContract, databaseVariables, version } from './shared.js';

checkContract('migrations', ['NODE_ENV', ...databaseVariables]);
const { DATABASE_NAME, DATABASE_USER, DATABASE_HOST, DATABASE_PORT } = process.env;
console.log(
  `migrations ${version}: nothing to do in ${DATABASE_NAME} as ${DATABASE_USER} on ${DATABASE_HOST}:${DATABASE_PORT}`,
);

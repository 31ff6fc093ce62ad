// The migrations of the proving ground: they run in a Job before a new version of the backend starts, as the role that owns
// the tables. They verify the database as a driver does, once, as most programs for migrations do, and have nothing to
// bring up to date.
import process from 'node:process';
import { verifyDatabase } from './database.js';
import { checkContract, databaseVariables, version } from './shared.js';

checkContract('migrations', ['NODE_ENV', ...databaseVariables]);
const { DATABASE_NAME, DATABASE_USER, DATABASE_HOST, DATABASE_PORT } = process.env;
const where = `${DATABASE_NAME} as ${DATABASE_USER} on ${DATABASE_HOST}:${DATABASE_PORT}`;
try {
  const authority = await verifyDatabase(1);
  console.log(`migrations ${version}: nothing to do in ${where}, signed by ${authority}`);
} catch (error) {
  console.error(`migrations ${version}: refused ${where}: ${error.code ?? error.message}`);
  process.exit(1);
}

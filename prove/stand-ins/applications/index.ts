import path from 'node:path';

const files = {
  backend: {
    'app/package.json': 'package.json',
    'app/dist/shared.js': 'shared.js',
    'app/dist/echo.js': 'echo.js',
    'app/dist/database.js': 'database.js',
    'app/dist/work.js': 'work.js',
    'app/dist/main.js': 'backend.js',
    'app/dist/migrate.js': 'migrate.js',
  },
  frontend: {
    'app/package.json': 'package.json',
    'app/shared.js': 'shared.js',
    'app/echo.js': 'echo.js',
    'app/work.js': 'work.js',
    'app/server.js': 'frontend.js',
  },
} as const;

/** The files of a sample application: their path in the image, without a slash before it, and their path on this machine. */
export function applicationFiles(name: keyof typeof files): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(files[name]).map(([inImage, here]) => [inImage, path.join(import.meta.dirname, here)]),
  );
}

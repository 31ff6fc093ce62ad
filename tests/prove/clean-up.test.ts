import fs from 'node:fs';
import path from 'node:path';
import { withCleanUp } from '../../prove/machine/clean-up.ts';
import { ProvingError } from '../../prove/machine/error.ts';
import { root } from '../support/committed.ts';

describe('a clean-up', () => {
  const done: string[] = [];
  const fail = (what: string) => async () => {
    done.push(what);
    await Promise.reject(new Error(`${what} failed`));
  };
  const steps = [fail('storage'), () => done.push('cluster'), fail('client')];
  beforeEach(() => done.splice(0));

  test('whose step fails does every other one, and is told', async () => {
    const all = withCleanUp(steps, () => Promise.resolve(done.push('drill')));
    await expect(all).rejects.toThrow('storage failed\nError: client failed');
    expect(done).toEqual(['drill', 'storage', 'cluster', 'client']);
  });

  test('that fails does not hide why the drill failed: both are told', async () => {
    const drill = withCleanUp(steps, () => Promise.reject(new ProvingError('nobody leads')));
    await expect(drill).rejects.toThrow(
      'nobody leads\n  and then, to take back what was done:\n  Error: storage failed\n  Error: client failed',
    );
    await expect(drill).rejects.toBeInstanceOf(ProvingError);
    const other = withCleanUp(steps, () => Promise.reject(new DOMException('stopped', 'AbortError')));
    await expect(other).rejects.toThrow(/stopped[^]*client failed/);
  });

  test('that works leaves what the drill came to as it is', async () => {
    expect(await withCleanUp([], () => Promise.resolve('measured'))).toBe('measured');
    const failure = new Error('nobody leads');
    await expect(withCleanUp([() => done.push('cluster')], () => Promise.reject(failure))).rejects.toBe(failure);
    expect(done).toEqual(['cluster']);
  });
});

test('nothing waits in a `finally`, where what fails would hide the error before it', () => {
  const folder = path.join(root, 'prove');
  const files = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const found = files.flatMap((file) => {
    const text = fs.readFileSync(path.join(folder, file), 'utf8');
    return [...text.matchAll(/^( *)\} finally \{\n([^]*?)\n\1\}/gm)]
      .filter(([, , body = '']) => /\bawait\b/.test(body))
      .map(([, , body]) => `${file}: ${body?.trim() ?? ''}`);
  });
  expect(found).toEqual([]);
});

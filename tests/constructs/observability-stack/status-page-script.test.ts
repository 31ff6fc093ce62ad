import fs from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';
import { root } from '../../support/committed.ts';

const script = fs.readFileSync(path.join(root, 'constructs/observability-stack/files/status-page/status.js'), 'utf8');

/** What of a browser's elements the page's script uses. */
class Element {
  className = '';
  dateTime = '';
  hidden = true;
  textContent = '';
  children: Element[] = [];
  append(...more: Element[]): void {
    this.children.push(...more);
  }
  replaceChildren(...these: Element[]): void {
    this.children = these;
  }
}

interface Answer {
  readonly status: number;
  readonly content?: unknown;
  readonly date?: string;
}

const now = '2026-12-01T02:00:00Z';
const works = { name: 'Signing in', state: 'works' };
const told = (seconds: number, ...lines: readonly object[]): Answer => ({
  status: 200,
  content: {
    written: new Date(Date.parse(now) - seconds * 1000).toISOString(),
    platform: 'example.com',
    lines,
  },
});

/** The page after its first look, and what makes it look again; files that aren't named are not there. */
async function page(files: Record<string, Answer>, clock = now) {
  const elements = new Map<string, Element>();
  const byId = (id: string): Element => {
    const element = elements.get(id) ?? new Element();
    elements.set(id, element);
    return element;
  };
  let again: () => Promise<void> = () => Promise.resolve();
  const document = { title: '', getElementById: byId, createElement: () => new Element() };
  const fetched = (file: string): Promise<object> => {
    const { status, content, date = new Date(clock).toUTCString() } = files[file] ?? { status: 403 };
    return Promise.resolve({
      status,
      ok: status === 200,
      headers: { get: () => date },
      json: () => Promise.resolve(content),
    });
  };
  const setInterval = (look: () => Promise<void>): void => void (again = look);
  vm.runInNewContext(script, { document, fetch: fetched, setInterval, Date, Promise, Object, Number, Math, Error });
  await again();
  return {
    again: () => again(),
    title: () => document.title,
    summary: () => [byId('summary').className, byId('summary').textContent],
    lines: () =>
      byId('lines').children.map(({ children }) => children.map(({ textContent }) => textContent).join(': ')),
    announcement: () => (byId('announcement').hidden ? undefined : byId('text').textContent),
  };
}

describe('the page', () => {
  test('says that all works, and what', async () => {
    const seen = await page({ 'status.json': told(30, works) });
    expect(seen.summary()).toEqual(['works', '✓ Everything works']);
    expect(seen.lines()).toEqual(['Signing in: ✓ works']);
    expect(seen.title()).toBe('Status of example.com');
  });

  test('names what is impaired, whatever else is not known', async () => {
    const lines = [
      works,
      { name: 'a', state: 'impaired' },
      { name: 'b', state: 'impaired' },
      { name: 'c', state: 'unknown' },
    ];
    const seen = await page({ 'status.json': told(30, ...lines) });
    expect(seen.summary()).toEqual(['impaired', '✕ Impaired: a, b']);
  });

  test.each([
    ['one is not known', [works, { name: 'b', state: 'unknown' }]],
    ['one says what the page does not know', [works, { name: 'b', state: 'constructor' }]],
    ['there is none', []],
  ])('does not say that all works where %s', async (_, lines) => {
    const seen = await page({ 'status.json': told(30, ...lines) });
    expect(seen.summary()).toEqual(['unknown', '? Not everything is known']);
  });

  test.each([
    [299, '✓ Everything works'],
    [301, '? The platform has not reported for 5 minutes: it may be down'],
    [3 * 3600, '? The platform has not reported for 3 hours: it may be down'],
    [3 * 86400, '? The platform has not reported for 3 days: it may be down'],
  ])('of what is %d s old says: %s', async (seconds, text) => {
    const seen = await page({ 'status.json': told(seconds, works) });
    expect(seen.summary()[1]).toBe(text);
    expect(seen.lines()).toEqual([seconds < 300 ? 'Signing in: ✓ works' : 'Signing in: ? not known']);
  });

  test('goes by the clock of the storage, whatever that of the browser says', async () => {
    const seen = await page({ 'status.json': told(0, works) }, '2026-12-01T02:20:00Z');
    expect(seen.summary()[1]).toBe('? The platform has not reported for 20 minutes: it may be down');
  });

  test('believes no time that is none', async () => {
    const seen = await page({
      'status.json': { status: 200, content: { written: 'now', platform: 'example.com', lines: [works] } },
    });
    expect(seen.summary()[0]).toBe('unknown');
    expect(seen.lines()).not.toContain('Signing in: ✓ works');
  });

  test('says that nothing was reported yet', async () => {
    expect((await page({})).summary()).toEqual(['unknown', '? The platform has not reported yet']);
  });

  test('takes back what it said where the storage does not answer, and finds back', async () => {
    const files: Record<string, Answer> = { 'status.json': told(30, works) };
    const seen = await page(files);
    const before = files['status.json']!;
    files['status.json'] = { status: 503 };
    await seen.again();
    expect(seen.summary()).toEqual(['unknown', '? This page could not be brought up to date: look again later']);
    expect(seen.lines()).toEqual(['Signing in: ? not known']);
    files['status.json'] = before;
    await seen.again();
    expect(seen.summary()).toEqual(['works', '✓ Everything works']);
  });

  test('shows words of people as text, until they are taken away', async () => {
    const words = (text: string): Answer => ({ status: 200, content: { written: now, text } });
    const files = { 'status.json': told(30, works), 'announcement.json': words('<b>We</b> move') };
    const seen = await page(files);
    expect(seen.announcement()).toBe('<b>We</b> move');
    files['announcement.json'] = words('');
    await seen.again();
    expect(seen.announcement()).toBeUndefined();
  });

  test('shows words of people where nothing was ever reported', async () => {
    const seen = await page({ 'announcement.json': { status: 200, content: { written: now, text: 'We begin.' } } });
    expect(seen.announcement()).toBe('We begin.');
  });
});

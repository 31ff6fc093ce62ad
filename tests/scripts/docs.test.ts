import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { docsCommand } from '../../scripts/docs/command.ts';
import { constructModules } from '../../scripts/docs/pages.ts';
import { refusal } from '../support/harness.ts';

const marks = '<!-- options:begin -->\n<!-- options:end -->\n';
let root: string;
let printed: string;

beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-docs-'));
  write('tsconfig.json', '{ "compilerOptions": { "strict": true, "noLib": true } }');
  printed = '';
});

afterEach(() => {
  fs.rmSync(root, { recursive: true });
});

function write(file: string, text: string): void {
  fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
  fs.writeFileSync(path.join(root, file), text);
}

const page = (): string => fs.readFileSync(path.join(root, 'docs/constructs/box.md'), 'utf8');

/** The construct `Box` with these options. */
function box(options: string, before = ''): void {
  write('constructs/box/index.ts', `${before}\nexport class Box {}\nexport interface BoxProps {\n${options}\n}\n`);
}

function options(): unknown[] {
  return constructModules(root).flatMap(({ props }) => [...props.values()].flat());
}

function docs(...args: string[]): number {
  const out = { write: (text: string) => (printed += text) };
  return docsCommand(root, args, { stdout: out, stderr: out });
}

describe('options', () => {
  test('have a name, a type, a purpose, a default and where to read on', () => {
    box(`
      /**
       * How wide it is,
       * in pixels.
       * @default 5
       * @see https://example.com/width (2.0)
       */
      readonly width?: number;`);
    const see = ['https://example.com/width (2.0)'];
    expect(options()).toEqual([
      { name: 'width', type: 'number', purpose: 'How wide it is, in pixels.', default: '5', see },
    ]);
  });

  test('include inherited ones, after those that have to be given and their own', () => {
    box(
      '/** Own. @default 1 */ readonly own?: number;\n/** Needed. */ readonly needed: string;',
      'export interface Base {\n/** Inherited. @default 2 */ readonly inherited?: number;\n}',
    );
    const text = fs.readFileSync(path.join(root, 'constructs/box/index.ts'), 'utf8');
    write('constructs/box/index.ts', text.replace('BoxProps {', 'BoxProps extends Base {'));
    expect(options()).toMatchObject([{ name: 'needed' }, { name: 'own' }, { name: 'inherited' }]);
  });

  test('show the values of a named list of strings instead of its name', () => {
    box('/** Its side. */ readonly side: Side;', `type Side = 'left' | 'right';`);
    expect(options()).toMatchObject([{ type: "'left' | 'right'" }]);
  });

  test('without a purpose of their own have that of their type', () => {
    box('readonly lid: Lid;', '/** Closes it. */ interface Lid { readonly colour: string }');
    expect(options()).toMatchObject([{ name: 'lid', purpose: 'Closes it.' }]);
  });

  test('of which only TypeScript says what they are for are refused', () => {
    write(
      'constructs/box/lib.d.ts',
      '/// <reference no-default-lib="true"/>\n/** Says nothing of boxes. */ type Without<T> = { [P in keyof T]: T[P] };',
    );
    box('readonly lid: Without<Lid>;', '/// <reference path="./lib.d.ts"/>\ninterface Lid { readonly colour: string }');
    expect(refusal(options)).toMatchObject([{ where: 'BoxProps.lid', what: 'nothing says what it is for' }]);
  });

  test('of the elements of a list have a table too, and those of no list have none', () => {
    // What TypeScript has to know of a list, in a project without its libraries.
    write(
      'constructs/box/lib.d.ts',
      'interface Array<T> { [n: number]: T }\ninterface ReadonlyArray<T> { [n: number]: T }',
    );
    box(
      '/** Its sides. */ readonly sides: readonly Side[];',
      '/// <reference path="./lib.d.ts"/>\n/** Of it. */ export interface Side {\n/** How long. */ readonly length: number }\nexport interface Other { a: 1 }',
    );
    expect([...constructModules(root)[0]!.props.keys()].sort()).toEqual(['BoxProps', 'Side']);
  });

  test('of what an option alone takes have a table too, also where it may be something else', () => {
    box(
      '/** Its lid. */ readonly lid: Lid | false;\n/** Its foot. @default none */ readonly foot?: Foot;',
      ['Lid', 'Foot'].map((part) => `export interface ${part} {\n/** How wide. */ readonly width: number }`).join('\n'),
    );
    expect([...constructModules(root)[0]!.props.keys()].sort()).toEqual(['BoxProps', 'Foot', 'Lid']);
  });

  test('of which nothing says what they are for are refused', () => {
    box('readonly width: number;');
    expect(refusal(options)).toMatchObject([{ where: 'BoxProps.width', what: 'nothing says what it is for' }]);
  });

  test('that may be left out without a default are refused', () => {
    box('/** Width. */ readonly width?: number;');
    expect(refusal(options)).toMatchObject([{ what: 'nothing says what it is by default' }]);
  });

  test('that have to be given and have a default are refused', () => {
    box('/** Width. @default 5 */ readonly width: number;');
    expect(refusal(options)).toMatchObject([{ what: 'it has to be given and has a default' }]);
  });
});

describe('command', () => {
  beforeEach(() => {
    box('/** Its side: one | other. @default left */ readonly side?: string;');
    write('docs/constructs/box.md', `# Box\n\n${marks}\nBelow.\n`);
  });

  test('writes the table between the marks, and nothing else', () => {
    expect(docs()).toBe(0);
    expect(page()).toContain('\n| `side` | `string` | left | Its side: one \\| other. |\n');
    expect(page()).toMatch(/^# Box\n\n<!-- options:begin -->\n.*\n<!-- options:end -->\n\nBelow\.\n$/s);
  });

  test('changes nothing the second time', () => {
    docs();
    const written = page();
    expect(docs()).toBe(0);
    expect(page()).toBe(written);
    expect(printed).toContain('1 pages of docs: current\n');
  });

  test('--check tells of a page that is not current, and leaves it as it is', () => {
    const before = page();
    expect(docs('--check')).toBe(1);
    expect(printed).toContain('docs/constructs/box.md: the tables of options are not current');
    expect(page()).toBe(before);
  });

  test('--check passes when all pages are current', () => {
    docs();
    expect(docs('--check')).toBe(0);
  });

  test('an unknown option is answered with the help', () => {
    expect(docs('--chekc')).toBe(2);
    expect(printed).toContain('npm run docs -- [OPTION]');
  });

  test('a construct without a page is refused', () => {
    fs.rmSync(path.join(root, 'docs/constructs/box.md'));
    expect(docs()).toBe(1);
    expect(printed).toContain('constructs/box/index.ts: no page documents it');
  });

  test.each(['# Box\n', `# Box\n${marks}${marks}`, '# Box\n<!-- options:begin -->\n'])(
    'a page without a single place for the tables is refused: %j',
    (text) => {
      write('docs/constructs/box.md', text);
      expect(docs()).toBe(1);
      expect(printed).toContain('docs/constructs/box.md: there is no single place for the tables of options');
      expect(page()).toBe(text);
    },
  );
});

import fs from 'node:fs';
import path from 'node:path';
import { loadAll } from 'js-yaml';

/** A request as the rule set's own tests write it, as far as it is sent anywhere. */
export interface TestInput {
  readonly method?: string;
  readonly uri?: string;
  readonly version?: string;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly data?: string;
  readonly encoded_request?: string;
  readonly autocomplete_headers?: boolean;
}

/** A file of tests that the rule set brings, as far as it is read. */
interface TestFile {
  readonly rule_id: number;
  readonly tests: readonly {
    readonly test_id: number;
    readonly stages: readonly {
      readonly input: TestInput;
      readonly output: { readonly log?: { readonly expect_ids?: readonly number[] } };
    }[];
  }[];
}

/** A test of one request that its rule has to find something in. */
export interface RuleTest {
  readonly rule: number;
  /** Number of the test. */
  readonly test: number;
  readonly input: TestInput;
}

/**
 * Those tests of a folder that are one request in plain text.
 * @param isRead tells by a file's path within the folder whether it is read
 */
export function ruleTests(folder: string, isRead: (file: string) => boolean = () => true): readonly RuleTest[] {
  const files = fs
    .readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.yaml') && isRead(file));
  return files.sort().flatMap((file) => {
    // One has only a comment.
    const documents = loadAll(fs.readFileSync(path.join(folder, file), 'utf8')) as (TestFile | undefined)[];
    return documents.flatMap((document) => document?.tests.flatMap((test) => plain(document.rule_id, test)) ?? []);
  });
}

function plain(rule: number, { test_id: test, stages }: TestFile['tests'][number]): RuleTest[] {
  const [stage] = stages;
  if (stage === undefined || stages.length !== 1 || stage.input.encoded_request !== undefined) return [];
  return stage.output.log?.expect_ids?.includes(rule) === true ? [{ rule, test, input: stage.input }] : [];
}

import { diff } from 'jest-diff';

const plain = (text: string): string => text;

/** What a snapshot shows of an option: the lines that go and come, each with the line before and after it. */
export function difference(before: string, after: string): string {
  if (before === after) return 'none';
  const colors = { aColor: plain, bColor: plain, changeColor: plain, commonColor: plain, patchColor: plain };
  return diff(before, after, { ...colors, omitAnnotationLines: true, contextLines: 1, expand: false }) ?? '';
}

const binary = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const decimal = ['k', 'M', 'G', 'T', 'P', 'E'];

const factors = new Map<string, number>([
  ['n', 1e-9],
  ['u', 1e-6],
  ['m', 1e-3],
  ['', 1],
  ...decimal.map((suffix, index) => [suffix, 1000 ** (index + 1)] as const),
  ...binary.map((suffix, index) => [suffix, 1024 ** (index + 1)] as const),
]);

/**
 * What Kubernetes reads in `250m`, `512Mi` or `2`: cores, bytes, pieces; undefined for what is none.
 * @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
export function quantity(text: unknown): number | undefined {
  const found = /^([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)([A-Za-z]*)$/.exec(String(text));
  const [, digits = '', suffix = ''] = found ?? [];
  const factor = factors.get(suffix);
  const value = Number(digits);
  return found === null || factor === undefined || Number.isNaN(value) ? undefined : value * factor;
}

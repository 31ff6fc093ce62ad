import { forwardedPort, parsed, signed } from '../../../prove/components/argocd/api.ts';
import { isOfItsPin } from '../../../prove/components/argocd/applications.ts';

describe("the client of Argo CD's API", () => {
  test('signs tokens as the standard says', () => {
    expect(signed({ sub: '1234567890', name: 'John Doe', iat: 1516239022 }, 'your-256-bit-secret')).toBe(
      'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c',
    );
  });

  test('finds the port that kubectl chose, once it is printed', () => {
    expect(forwardedPort('')).toBeUndefined();
    expect(forwardedPort('Forwarding from 127.0.0.1:40123 -> 8080\nForwarding from [::1]:40123 -> 8080\n')).toBe(40123);
  });

  test('takes answers that are not JSON as text', () => {
    expect([parsed('{"value":1}'), parsed('Not Found\n'), parsed('')]).toEqual([{ value: 1 }, 'Not Found\n', '']);
  });
});

test('what Argo CD says of an application counts only where it is about its pin of now', () => {
  const pinned = (targetRevision: string) => ({ repoURL: 'https://github.com/example/platform.git', targetRevision });
  const about = (revision: string): boolean =>
    isOfItsPin({
      metadata: { name: 'edge' },
      spec: { source: pinned('refs/tags/production-2') },
      status: { sync: { comparedTo: { source: pinned(revision) } } },
    });
  expect([about('refs/tags/production-1'), about('refs/tags/production-2')]).toEqual([false, true]);
  const chart = { repoURL: 'https://charts.example.org', targetRevision: '1.2.3' };
  const sources = [chart, pinned('refs/tags/production-2')];
  const of = { metadata: { name: 'argocd' }, spec: { sources } };
  expect(isOfItsPin({ ...of, status: { sync: { comparedTo: { source: { repoURL: '' }, sources } } } })).toBe(true);
});

import { forwardedPort, parsed, signed } from '../../../prove/components/argocd/api.ts';

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

import { execProbes, httpProbes, usualRhythms, probeFields, tcpProbes } from '../../constructs/core/probes.ts';
import type { Rhythms } from '../../constructs/core/probes.ts';

describe('a container is asked', () => {
  test('by HTTP, with another page for traffic', () => {
    const { startupProbe, readinessProbe, livenessProbe } = probeFields(
      httpProbes('http', { live: '/live', ready: '/ready' }),
    );
    expect([startupProbe, readinessProbe, livenessProbe].map((probe) => probe?.httpGet)).toEqual([
      { path: '/live', port: 'http' },
      { path: '/ready', port: 'http' },
      { path: '/live', port: 'http' },
    ]);
  });

  test('by one page for all', () => {
    expect(probeFields(httpProbes('http', { live: '/live' })).readinessProbe?.httpGet?.path).toBe('/live');
  });

  test('whether it takes a connection', () => {
    const { startupProbe, readinessProbe, livenessProbe } = probeFields(tcpProbes('redis'));
    expect([startupProbe, readinessProbe, livenessProbe].map((probe) => probe?.tcpSocket)).toEqual([
      { port: 'redis' },
      { port: 'redis' },
      { port: 'redis' },
    ]);
  });

  test('by programs in it', () => {
    const { startupProbe, readinessProbe, livenessProbe } = probeFields(
      execProbes({ live: ['alive'], ready: ['ready', '--now'] }),
    );
    expect([startupProbe, readinessProbe, livenessProbe].map((probe) => probe?.exec)).toEqual([
      { command: ['alive'] },
      { command: ['ready', '--now'] },
      { command: ['alive'] },
    ]);
  });

  test('nothing, where it ends by itself', () => {
    expect(probeFields('none')).toEqual({});
  });
});

describe('how often', () => {
  test('is what is documented', () => {
    const { startup, readiness, liveness } = tcpProbes('redis');
    expect([startup.periodSeconds * startup.failureThreshold, readiness, liveness]).toEqual([
      usualRhythms.startup.withinSeconds,
      { port: 'redis', ...usualRhythms.readiness },
      { port: 'redis', ...usualRhythms.liveness },
    ]);
  });

  test('is less while it starts where each question starts a process, unless something else is said', () => {
    const startOf = (rhythms?: Rhythms) => execProbes({ live: ['alive'] }, rhythms).startup;
    expect(startOf()).toMatchObject({ periodSeconds: 5, failureThreshold: 12 });
    expect(startOf({ startup: { periodSeconds: 1, withinSeconds: 3 } })).toMatchObject({
      periodSeconds: 1,
      failureThreshold: 3,
    });
  });

  test('a start may take what is said, or a period more', () => {
    const { periodSeconds, failureThreshold } = tcpProbes('redis', {
      startup: { withinSeconds: 25, periodSeconds: 10 },
    }).startup;
    expect([periodSeconds, failureThreshold]).toEqual([10, 3]);
  });

  const changes: [string, Rhythms][] = [
    ['startup.periodSeconds', { startup: { periodSeconds: 7 } }],
    ['startup.timeoutSeconds', { startup: { timeoutSeconds: 7 } }],
    ['startup.withinSeconds', { startup: { withinSeconds: 7 } }],
    ['readiness.periodSeconds', { readiness: { periodSeconds: 7 } }],
    ['readiness.timeoutSeconds', { readiness: { timeoutSeconds: 7 } }],
    ['readiness.failureThreshold', { readiness: { failureThreshold: 7 } }],
    ['liveness.periodSeconds', { liveness: { periodSeconds: 7 } }],
    ['liveness.timeoutSeconds', { liveness: { timeoutSeconds: 7 } }],
    ['liveness.failureThreshold', { liveness: { failureThreshold: 7 } }],
  ];
  test.each(changes)('changes with %s', (_, rhythms) => {
    expect(probeFields(tcpProbes('redis', rhythms))).not.toEqual(probeFields(tcpProbes('redis')));
  });
});

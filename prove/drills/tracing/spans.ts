import { randomBytes } from 'node:crypto';
import { ProvingError } from '../../machine/error.ts';

/** A trace as somebody sends it. */
export interface Told {
  /** What is searched for it by. */
  readonly service: string;
  readonly spans: number;
  readonly milliseconds?: number;
  /** Whether its last span failed: on this side, or with a client's refusal as whoever asked tells it. */
  readonly outcome?: 'failed' | 'refused';
  /** Characters of an attribute of each span. */
  readonly attribute?: number;
}

const client = 3;
const server = 2;
const error = 2;

/** Sends traces by OTLP over HTTP, all in one message. @throws ProvingError where they are not taken */
export async function send(url: string, traces: readonly Told[]): Promise<void> {
  const answer = await fetch(`${url}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceSpans: traces.map(resourceSpans) }),
  });
  if (!answer.ok) throw new ProvingError(`spans were not taken: ${answer.status} ${await answer.text()}`);
}

function resourceSpans({ service, spans, milliseconds = 20, outcome, attribute = 0 }: Told): object {
  const traceId = randomBytes(16).toString('hex');
  const ids = Array.from({ length: spans }, () => randomBytes(8).toString('hex'));
  const start = BigInt(Date.now() - milliseconds) * 1_000_000n;
  const endTimeUnixNano = String(start + BigInt(milliseconds) * 1_000_000n);
  const text = (key: string, stringValue: string): object => ({ key, value: { stringValue } });
  return {
    resource: { attributes: [text('service.name', service)] },
    scopeSpans: [
      {
        scope: { name: 'drill' },
        spans: ids.map((spanId, index) => ({
          traceId,
          spanId,
          ...(index === 0 ? {} : { parentSpanId: ids[index - 1] }),
          name: `step ${index}`,
          kind: outcome === 'refused' ? client : server,
          startTimeUnixNano: String(start),
          endTimeUnixNano,
          attributes: [
            { key: 'http.response.status_code', value: { intValue: outcome === 'refused' ? '403' : '200' } },
            ...(attribute === 0 ? [] : [text('filler', randomBytes(attribute / 2).toString('hex'))]),
          ],
          ...(outcome === undefined || index < spans - 1 ? {} : { status: { code: error } }),
        })),
      },
    ],
  };
}

import { createContextKey } from '@opentelemetry/api';
import type { Context, TextMapGetter, TextMapPropagator, TextMapSetter } from '@opentelemetry/api';

const key = createContextKey('request id');
const header = 'x-request-id';

export const requestIdOf = (context: Context): string | undefined => context.getValue(key) as string | undefined;

/** The edge's name for a request, which its answer and the edge's logs have: it goes wherever the trace goes. */
export class RequestIds implements TextMapPropagator {
  inject<Carrier>(context: Context, carrier: Carrier, setter: TextMapSetter<Carrier>): void {
    const id = requestIdOf(context);
    if (id !== undefined) setter.set(carrier, header, id);
  }

  extract<Carrier>(context: Context, carrier: Carrier, getter: TextMapGetter<Carrier>): Context {
    const found = getter.get(carrier, header);
    const id = Array.isArray(found) ? found[0] : found;
    // Of a program that comes another way, it may be anything.
    return id !== undefined && /^[\w-]{1,64}$/.test(id) ? context.setValue(key, id) : context;
  }

  fields(): string[] {
    return [header];
  }
}

/** Plain data that counts how often somebody looks at it: work that no busy machine makes longer. */
export class Watched<T extends object> {
  reads = 0;
  readonly data: T;
  private readonly proxies = new WeakMap<object, object>();

  constructor(data: T) {
    this.data = this.watch(data);
  }

  private watch<V>(value: V): V {
    if (typeof value !== 'object' || value === null) return value;
    const proxy = this.proxies.get(value) ?? new Proxy(value, this.handler);
    this.proxies.set(value, proxy);
    return proxy as V;
  }

  private readonly handler: ProxyHandler<object> = {
    get: (target, key, receiver) => {
      this.reads += 1;
      return this.watch(Reflect.get(target, key, receiver) as unknown);
    },
  };
}

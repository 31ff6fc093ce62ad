import { Injectable, NotFoundException } from '@nestjs/common';
import { CacheAside } from '../cache/cache-aside.js';
import { productSchema } from './product.js';
import type { Product } from './product.js';
import { ProductStore } from './product-store.js';

const keyOf = (id: number): string => `product:${id}`;

/** What REST and GraphQL both do. */
@Injectable()
export class Products {
  constructor(
    private readonly store: ProductStore,
    private readonly cache: CacheAside,
  ) {}

  list(): Promise<readonly Product[]> {
    return this.store.list();
  }

  async find(id: number): Promise<Product> {
    const product = await this.cache.get(keyOf(id), productSchema, () => this.store.find(id));
    return product ?? missing(id);
  }

  async setPrice(id: number, priceCents: number, by: string): Promise<Product> {
    const product = (await this.store.setPrice(id, priceCents, by)) ?? missing(id);
    await this.cache.put(keyOf(id), product);
    return product;
  }
}

function missing(id: number): never {
  throw new NotFoundException(`there is no product ${id}`);
}

import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Product } from './product.js';

export abstract class ProductStore {
  abstract list(): Promise<readonly Product[]>;
  abstract find(id: number): Promise<Product | undefined>;
  /** @returns the product as it is then; undefined where there is none */
  abstract setPrice(id: number, priceCents: number, by: string): Promise<Product | undefined>;
  abstract ping(): Promise<void>;
}

const columns = 'id, name, price_cents AS "priceCents", version';

@Injectable()
export class DatabaseProducts extends ProductStore {
  constructor(private readonly database: Database) {
    super();
  }

  override list(): Promise<readonly Product[]> {
    return this.database.query<Product>('list products', `SELECT ${columns} FROM products ORDER BY id LIMIT 100`);
  }

  override async find(id: number): Promise<Product | undefined> {
    const text = `SELECT ${columns} FROM products WHERE id = $1`;
    return (await this.database.query<Product>('find product', text, [id]))[0];
  }

  override async setPrice(id: number, priceCents: number, by: string): Promise<Product | undefined> {
    const text = `UPDATE products SET price_cents = $2, changed_by = $3, version = version + 1
      WHERE id = $1 RETURNING ${columns}`;
    return (await this.database.query<Product>('set price', text, [id, priceCents, by]))[0];
  }

  override ping(): Promise<void> {
    return this.database.ping();
  }
}

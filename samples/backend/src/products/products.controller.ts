import { Body, Controller, Get, Param, Put } from '@nestjs/common';
import * as v from 'valibot';
import { CurrentIdentity, Role } from '../auth/guards.js';
import type { Identity } from '../auth/identity.js';
import { Valid } from '../platform/valid.js';
import { idSchema, priceSchema } from './product.js';
import type { Product } from './product.js';
import { Products } from './products.js';

const change = v.strictObject({ priceCents: priceSchema });

@Controller('products')
export class ProductsController {
  constructor(private readonly products: Products) {}

  @Get()
  list(): Promise<readonly Product[]> {
    return this.products.list();
  }

  @Get(':id')
  find(@Param('id', new Valid(idSchema)) id: number): Promise<Product> {
    return this.products.find(id);
  }

  @Role('editor')
  @Put(':id/price')
  setPrice(
    @Param('id', new Valid(idSchema)) id: number,
    @Body(new Valid(change)) { priceCents }: v.InferOutput<typeof change>,
    @CurrentIdentity() { name }: Identity,
  ): Promise<Product> {
    return this.products.setPrice(id, priceCents, name);
  }
}

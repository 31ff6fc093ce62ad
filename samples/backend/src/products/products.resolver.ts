import { Args, Int, Mutation, Query, Resolver } from '@nestjs/graphql';
import { CurrentIdentity, Role } from '../auth/guards.js';
import type { Identity } from '../auth/identity.js';
import { Valid } from '../platform/valid.js';
import { idSchema, priceSchema, Product } from './product.js';
import { Products } from './products.js';

@Resolver(() => Product)
export class ProductsResolver {
  constructor(private readonly products: Products) {}

  @Query(() => [Product], { name: 'products' })
  list(): Promise<readonly Product[]> {
    return this.products.list();
  }

  @Query(() => Product, { name: 'product' })
  find(@Args('id', { type: () => Int }, new Valid(idSchema)) id: number): Promise<Product> {
    return this.products.find(id);
  }

  @Role('editor')
  @Mutation(() => Product)
  setPrice(
    @Args('id', { type: () => Int }, new Valid(idSchema)) id: number,
    @Args('priceCents', { type: () => Int }, new Valid(priceSchema)) priceCents: number,
    @CurrentIdentity() { name }: Identity,
  ): Promise<Product> {
    return this.products.setPrice(id, priceCents, name);
  }
}

import { Field, Int, ObjectType } from '@nestjs/graphql';
import * as v from 'valibot';

/** What GraphQL answers; REST answers the same fields. */
@ObjectType()
export class Product {
  @Field(() => Int) id!: number;
  @Field() name!: string;
  @Field(() => Int) priceCents!: number;
  @Field(() => Int) version!: number;
}

export const productSchema = v.object({
  id: v.number(),
  name: v.string(),
  priceCents: v.number(),
  version: v.number(),
});

const largest = 2_147_483_647;

export const idSchema = v.pipe(
  v.union([v.number(), v.pipe(v.string(), v.regex(/^\d{1,10}$/), v.transform(Number))]),
  v.integer(),
  v.minValue(1),
  v.maxValue(largest),
);

export const priceSchema = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(largest));

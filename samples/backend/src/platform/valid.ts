import { BadRequestException } from '@nestjs/common';
import type { PipeTransform } from '@nestjs/common';
import * as v from 'valibot';

/** Lets through what a schema allows. What it refuses is named, and never repeated: it may be a password. */
export class Valid<Output> implements PipeTransform<unknown, Output> {
  constructor(private readonly schema: v.GenericSchema<unknown, Output>) {}

  transform(value: unknown): Output {
    const result = v.safeParse(this.schema, value);
    if (result.success) return result.output;
    const fields = result.issues.map((issue) => v.getDotPath(issue) ?? 'the value');
    throw new BadRequestException(`not as it has to be: ${[...new Set(fields)].join(', ')}`);
  }
}

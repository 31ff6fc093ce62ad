/** An amount of CPU time. `Size` and `Duration` come with cdk8s; it has no CPU type. */
export class Cpu {
  readonly millicores: number;

  private constructor(millicores: number) {
    this.millicores = millicores;
  }

  /** Whole or fractional cores: `Cpu.cores(0.5)` is 500 millicores. */
  static cores(cores: number): Cpu {
    // 2.01 * 1000 is 2009.9999999999998: what was written is the nearest number of nine digits.
    return Cpu.millicores(Number((cores * 1000).toPrecision(9)));
  }

  /** @throws RangeError for anything but a positive whole number, the finest step Kubernetes knows. */
  static millicores(millicores: number): Cpu {
    if (!Number.isInteger(millicores) || millicores <= 0) {
      throw new RangeError(`${millicores} millicores: CPU is a positive whole number of millicores`);
    }
    return new Cpu(millicores);
  }

  /** Kubernetes' canonical form: `2` or `250m`. */
  asString(): string {
    return this.millicores % 1000 === 0 ? String(this.millicores / 1000) : `${this.millicores}m`;
  }
}

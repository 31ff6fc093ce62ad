/** The proving ground failed, or something that a drill waits for didn't come: printed without a stack. */
export class ProvingError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ProvingError';
  }
}

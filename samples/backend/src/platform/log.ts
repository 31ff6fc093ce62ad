import type { LoggerService } from '@nestjs/common';
import { context, trace } from '@opentelemetry/api';
import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';
import { requestIdOf } from './request-ids.js';

export type { Logger };

/** One line of JSON each, with the ids by which the lines and spans of a request are found. */
export function makeLog(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: { service: process.env.OTEL_SERVICE_NAME ?? 'backend' },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    // What nobody should write; this is for who does all the same.
    redact: {
      paths: ['password', '*.password', '*.authorization', '*.cookie', 'headers', '*.headers'],
      censor: '[redacted]',
    },
    mixin() {
      const span = trace.getActiveSpan()?.spanContext();
      const request_id = requestIdOf(context.active());
      return {
        ...(span ? { trace_id: span.traceId, span_id: span.spanId } : {}),
        ...(request_id ? { request_id } : {}),
      };
    },
  };
  return destination ? pino(options, destination) : pino(options);
}

/** What Nest itself says goes the same way. */
export class NestLog implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, context?: unknown): void {
    this.logger.debug({ context }, String(message));
  }

  warn(message: unknown, context?: unknown): void {
    this.logger.warn({ context }, String(message));
  }

  error(message: unknown, stack?: unknown): void {
    this.logger.error({ stack }, String(message));
  }
}

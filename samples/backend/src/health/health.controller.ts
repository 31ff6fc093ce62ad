import { Controller, Get, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Open } from '../auth/guards.js';
import { Readiness } from './readiness.js';
import type { Report } from './readiness.js';

@Open()
@Controller('health')
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  /** Asks nobody: a restart of this server mends no other one. */
  @Get('live')
  live(): { readonly status: 'alive' } {
    return { status: 'alive' };
  }

  @Get('ready')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<Report> {
    const report = await this.readiness.report();
    if (report.status === 'not ready' || report.status === 'leaving') reply.status(503);
    // What is wrong with whom is for the log: the host is reached from outside.
    return { ...report, dependencies: mapValues(report.dependencies, (text) => text.split(':')[0] ?? text) };
  }
}

const mapValues = (record: Readonly<Record<string, string>>, change: (text: string) => string) =>
  Object.fromEntries(Object.entries(record).map(([key, text]) => [key, change(text)]));

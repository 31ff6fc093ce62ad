import type { Finding } from '../../constructs/core/error.ts';

const iso8601 = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?([Zz]|[+-]\d{2}(?::?\d{2})?)?$/;

/**
 * The moment in UTC as PostgreSQL and the configuration take it, such as `2026-11-22 10:00:00+00`; else what is wrong
 * with the text.
 */
export function parseMoment(text: string, now: Date): string | Omit<Finding, 'where'> {
  const notOne = {
    what: `"${text}" is no time`,
    allowed: 'a date and a time in ISO 8601 with Z or an offset, such as 2026-11-22T10:00:00Z, or latest',
    remedy: 'correct it',
  };
  const [matched, date = '', minutes = '', seconds = '00', fraction, zone] = iso8601.exec(text) ?? [];
  if (matched === undefined) return notOne;
  const local = `${date}T${minutes}:${seconds}`;
  const asUtc = new Date(`${local}Z`);
  // Date takes the 30th of February for the 2nd of March.
  if (Number.isNaN(asUtc.getTime()) || !asUtc.toISOString().startsWith(local)) return notOne;
  if (zone === undefined) {
    return {
      what: `"${text}" has no time zone`,
      allowed: `a time that means one moment, such as ${local}Z for UTC or ${local}+01:00`,
      remedy: 'add Z or the offset',
    };
  }
  const offset = offsetMinutes(zone);
  if (offset === undefined) return notOne;
  const instant = asUtc.getTime() - offset * 60_000;
  const microseconds = Number((fraction ?? '').padEnd(6, '0'));
  if (instant + microseconds / 1000 >= now.getTime()) {
    return {
      what: `"${text}" has not come yet: it is ${now.toISOString()}`,
      allowed: 'a moment in the past, or latest for the newest that was saved',
      remedy: 'name an earlier moment',
    };
  }
  const utc = new Date(instant).toISOString().slice(0, 19).replace('T', ' ');
  return `${utc}${fraction === undefined ? '' : `.${fraction}`}+00`;
}

/** Minutes east of UTC; undefined for what no zone has. */
function offsetMinutes(zone: string): number | undefined {
  if (zone.toUpperCase() === 'Z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(3).replace(':', ''));
  if (hours > 15 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}

/** The instant of a moment in that form, in microseconds: moments with more and with fewer digits compare. */
export function microsecondsOf(moment: string): number {
  const [, fraction = ''] = /\.(\d+)/.exec(moment) ?? [];
  return Date.parse(`${moment.slice(0, 19)}Z`) * 1000 + Number(fraction.padEnd(6, '0'));
}

// No dependency, 2 ms to load, and it finds the times of a schedule too.
import { Cron } from 'croner';
import { Duration } from 'cdk8s';
import { InputError } from './error.ts';

const minutes = 60_000;
const days = 24 * 60 * minutes;

/** Leap years before 2100 and after it are the eight years between two 29ths of February. */
const firstDay = new Date('2095-12-31T00:00:00Z');

/** As croner, Kubernetes and people know them; a schedule has their numbers. */
const names = new Map<string, { readonly field: number; readonly number: number }>([
  ...['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'].map(
    (name, index) => [name, { field: 3, number: index + 1 }] as const,
  ),
  ...['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'].map((name, number) => [name, { field: 4, number }] as const),
]);

const form = 'five fields of a cron schedule in UTC, such as "0 2 * * *"';

/** By the text: configuration, constructs and the checks of objects all ask for the same few. */
const problems = new Map<string, string | undefined>();

/**
 * When something is done: five fields of cron in UTC, of which all who read them (Kubernetes, the agent beside
 * PostgreSQL) think the same.
 * @see https://croner.56k.guru/usage/pattern/ (11.0)
 */
export class Schedule {
  /** Such as `0 2 * * *`. */
  readonly text: string;

  private constructor(text: string) {
    this.text = text;
  }

  /** @throws InputError for what is no schedule, what can never happen, and what programs understand differently */
  static utc(text: string): Schedule {
    const allowed = Schedule.problem(text);
    if (allowed === undefined) return new Schedule(inNumbers(text));
    throw new InputError({ where: 'a schedule', what: `got "${text}"`, allowed, remedy: 'change the value' });
  }

  /** What is allowed in place of that text; undefined where nothing is wrong with it. */
  static problem(given: string): string | undefined {
    if (!problems.has(given)) problems.set(given, Schedule.problemOf(inNumbers(given)));
    return problems.get(given);
  }

  private static problemOf(text: string): string | undefined {
    const [, dayOfMonth, dayOfWeek] = /^[-\d*/,]+ [-\d*/,]+ ([-\d*/,]+) [-\d*/,]+ ([-\d*/,]+)$/.exec(text) ?? [];
    if (dayOfMonth === undefined || dayOfWeek === undefined) return form;
    if (/(^|[,-])7/.test(dayOfWeek)) return 'days of the week from 0 to 6: Kubernetes has no 7, Sunday is 0';
    if (dayOfMonth !== '*' && dayOfWeek !== '*' && (dayOfMonth + dayOfWeek).includes('*')) {
      return 'one day field with "*/n" beside "*" in the other: programs differ over whether either or both must fit';
    }
    try {
      return cron(text).nextRun(firstDay) === null ? 'a schedule that happens: no month has that day' : undefined;
    } catch (error) {
      return `${form}: ${String(error).replace(/^.*CronPattern: /, '')}`;
    }
  }

  /** The longest time that ever passes between one time and the next: a day for a daily one, eight years for a 29/02. */
  longestGap(): Duration {
    const [minute = '', hour = '', ...dates] = this.text.split(' ');
    const times = timesOf(`${minute} ${hour} * * *`, 1);
    const everyDay = dates.every((field) => field === '*');
    const dayStarts = everyDay ? [0, days] : timesOf(`0 0 ${dates.join(' ')}`, daysToLookAt(dates));
    const withinDay = Math.max(...times) - Math.min(...times);
    const gaps = [...gapsOf(times), ...gapsOf(dayStarts).map((gap) => gap - withinDay)];
    return Duration.minutes(Math.max(...gaps) / minutes);
  }
}

/** One spelling, of which all programs think the same: one space between fields, and numbers for names. */
function inNumbers(text: string): string {
  return text
    .trim()
    .split(/[ \t]+/)
    .map((field, index) =>
      field.replace(/[A-Za-z]+/g, (word) => {
        const known = names.get(word.toUpperCase());
        return known?.field === index ? String(known.number) : word;
      }),
    )
    .join(' ');
}

/** No time zone, but an offset: croner asks for the time of a zone at each step. */
function cron(text: string): Cron {
  return new Cron(text, { mode: '5-part', utcOffset: 0 });
}

/** As many as show every gap: weeks are all alike, months only where no month is left out. */
function daysToLookAt([dayOfMonth, month]: readonly string[]): number {
  if (month !== '*') return 9 * 366;
  return dayOfMonth === '*' ? 15 : 2 * 366;
}

/** All in so many days, in milliseconds. */
function timesOf(text: string, withinDays: number): number[] {
  const schedule = cron(text);
  const end = firstDay.getTime() + withinDays * days;
  const times: number[] = [];
  // croner looks for what comes after a moment.
  let next = schedule.nextRun(new Date(firstDay.getTime() - 1000));
  while (next !== null && next.getTime() < end) {
    times.push(next.getTime());
    next = schedule.nextRun(next);
  }
  return times;
}

function gapsOf(times: readonly number[]): number[] {
  return times.flatMap((time, index) => (index === 0 ? [] : [time - Number(times[index - 1])]));
}

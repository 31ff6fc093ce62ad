/** Results that have minutes alone are rounded to a tenth of one. */
const roughly = 3;

/**
 * A figure with its unit as a person reads it: what took less than a minute in seconds, and more in minutes.
 * @param unit `s` and `min` are times; anything else stays as it is
 */
export function figureText(figure: number, unit: string): string {
  if (unit === 's') return durationText(figure);
  if (unit !== 'min') return `${figure} ${unit}`;
  return figure === 0 ? `under ${roughly} s` : durationText(figure * 60);
}

/** A time as a person reads it. */
export function durationText(seconds: number): string {
  if (seconds >= 60) return `${Math.round(seconds / 6) / 10} min`;
  return `${seconds < 10 ? Math.round(seconds * 10) / 10 : Math.round(seconds)} s`;
}

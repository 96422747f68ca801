// Where the marks of a plot stand, in units of its own: bars above and below a line of zero, and lines over them.

/** Numbers that stand in a plot under one name. */
export interface Series {
  name: string;
  tone: 'accent' | 'bad' | 'warn' | 'soft' | 'ink';
  /** A bar upwards, a bar downwards, or a line. Bars of one direction stand upon each other. */
  as: 'up' | 'down' | 'line';
  values: number[];
}

export interface Bar {
  y: number;
  height: number;
  tone: Series['tone'];
}

/** A round number that is not below the given one: 1, 2 or 5 times a power of ten. */
export function round(most: number): number {
  if (most <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  return power * ([1, 2, 5].find((times) => times * power >= most) ?? 10);
}

/** How far the plot reaches above zero and below. */
export function reach(series: Series[], columns: number): { top: number; bottom: number } {
  let [most, least] = [0, 0];
  for (let at = 0; at < columns; at += 1) {
    let [up, down] = [0, 0];
    for (const { as, values } of series) {
      const value = values[at] ?? 0;
      if (as === 'line') [most, least] = [Math.max(most, value), Math.min(least, value)];
      else if ((as === 'up') === (value >= 0)) up += Math.abs(value);
      else down += Math.abs(value);
    }
    [most, least] = [Math.max(most, up), Math.min(least, -down)];
  }
  return { top: most > 0 || least === 0 ? round(most) : 0, bottom: least < 0 ? -round(-least) : 0 };
}

/** The bars of one column, from zero outwards. `y` gives the height at which a number stands. */
export function bars(series: Series[], at: number, y: (value: number) => number): Bar[] {
  let [up, down] = [0, 0];
  const found: Bar[] = [];
  for (const { as, values, tone } of series) {
    const value = values[at] ?? 0;
    if (as === 'line' || value === 0) continue;
    const upwards = (as === 'up') === value > 0;
    const begin = upwards ? up : -down;
    const end = upwards ? begin + Math.abs(value) : begin - Math.abs(value);
    if (upwards) up = end;
    else down = -end;
    found.push({ tone, y: Math.min(y(begin), y(end)), height: Math.abs(y(begin) - y(end)) });
  }
  return found;
}

/** Numbers as text. A missing value is `–`, never 0. */

export const MISSING = "–";

const THOUSANDS = /\B(?=(?:\d{3})+$)/g;

/** A count, with thousands separators. `Intl.NumberFormat` would take longer to create than the list of runs to draw. */
export function count(value: number | null | undefined): string {
  return value == null ? MISSING : String(Math.round(value)).replace(THOUSANDS, ",");
}

export const MEBIBYTE = 1024 ** 2;

/** Bytes as whole megabytes without a unit or separator, as memory sizes are written. */
export function megabytes(bytes: number | null | undefined): string {
  return bytes == null ? MISSING : String(Math.round(bytes / MEBIBYTE));
}

const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** A size of data in decimal units, such as `29.2 MB`. */
export function bytes(value: number | null | undefined): string {
  if (value == null) return MISSING;
  let [size, unit] = [value, 0];
  while (size >= 999.5 && unit < UNITS.length - 1) [size, unit] = [size / 1000, unit + 1];
  return `${unit === 0 || size >= 99.95 ? Math.round(size) : size.toFixed(1)} ${UNITS[unit]}`;
}

/** US dollars with four decimals, as small as the costs of short runs are. */
export function usd(value: number | null | undefined): string {
  return value == null ? MISSING : `$${value.toFixed(4)}`;
}

export function computeUnits(value: number | null | undefined): string {
  return value == null ? MISSING : value.toFixed(4);
}

export function percent(value: number | null | undefined): string {
  return value == null ? MISSING : `${Math.round(value)} %`;
}

/** The share of one core that a run with this memory gets, such as `0.25 core`. */
export function cores(memoryMbytes: number): string {
  const share = memoryMbytes / 4096;
  return `${Number(share.toFixed(3))} ${share > 1 ? "cores" : "core"}`;
}

/** `1 item`, `2 items`. */
export function plural(value: number, singular: string, pluralForm = `${singular}s`): string {
  return `${count(value)} ${value === 1 ? singular : pluralForm}`;
}

/** The sizes that the platform has: powers of two from 128 MB to 32 GB. */
export const MEMORY_SIZES = Array.from({ length: 9 }, (_, power) => 128 * 2 ** power);

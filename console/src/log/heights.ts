/** Where the rows of a long list are, if most of them have the same height and the others were measured. */

export const ROW_HEIGHT = 20;

/** A Fenwick tree of the extra heights: each change and each question takes a time that grows with log(rows). */
export class RowHeights {
  private extra: Float64Array;
  private tree: Float64Array;
  private count = 0;

  constructor(count = 0) {
    this.extra = new Float64Array(Math.max(1024, count));
    this.tree = new Float64Array(this.extra.length + 1);
    this.count = count;
  }

  get rows(): number {
    return this.count;
  }

  get total(): number {
    return this.top(this.count);
  }

  resize(count: number): void {
    this.count = count;
    if (count <= this.extra.length) return;
    const old = this.extra;
    this.extra = new Float64Array(Math.max(count, 2 * old.length));
    this.tree = new Float64Array(this.extra.length + 1);
    old.forEach((extra, row) => {
      if (extra !== 0) this.add(row, extra);
    });
  }

  /** Forget all measured heights. */
  reset(): void {
    this.extra.fill(0);
    this.tree.fill(0);
  }

  /** The distance from the top of the list to the top of a row. */
  top(row: number): number {
    let sum = 0;
    for (let node = Math.min(row, this.extra.length); node > 0; node -= node & -node) sum += this.tree[node] ?? 0;
    return row * ROW_HEIGHT + sum;
  }

  /** Set the measured height of a row, and return by how much it changed. */
  measure(row: number, height: number): number {
    const change = height - ROW_HEIGHT - (this.extra[row] ?? 0);
    if (change !== 0) this.add(row, change);
    return change;
  }

  /** The row at this distance from the top. */
  rowAt(distance: number): number {
    let row = 0;
    let rest = distance;
    for (let step = 2 ** Math.floor(Math.log2(this.tree.length)); step > 0; step /= 2) {
      const height = (this.tree[row + step] ?? Number.POSITIVE_INFINITY) + step * ROW_HEIGHT;
      if (row + step > this.count || height > rest) continue;
      row += step;
      rest -= height;
    }
    return Math.max(0, Math.min(row, this.count - 1));
  }

  private add(row: number, change: number): void {
    this.extra[row] = (this.extra[row] ?? 0) + change;
    for (let node = row + 1; node < this.tree.length; node += node & -node) {
      this.tree[node] = (this.tree[node] ?? 0) + change;
    }
  }
}

/** The lines of a log that the browser has: fetched in chunks where they are needed, and forgotten far away from there. */
import type { components } from "@/api/local";

export type LogLine = components["schemas"]["LogLine"];
type LogPart = components["schemas"]["LogLines"];
/** `first` may be negative: it then counts from the end of the log. */
export type FetchLines = (first: number, count: number) => Promise<LogPart>;

/** The numbers of the first line, and of the one after the last. */
export type Range = readonly [first: number, end: number];

export const CHUNK_LINES = 200;
const MAX_LINES = 20_000;

type LogState = {
  /** Null until the first response. */
  totalLines: number | null;
  totalBytes: number;
  /** The job has ended and its log is complete. */
  isEnded: boolean;
  /** The log reached its limit, so that later lines are not stored. */
  isCut: boolean;
  error: unknown;
};

const EMPTY: LogState = { totalLines: null, totalBytes: 0, isEnded: false, isCut: false, error: null };

export class LineCache {
  state: LogState = EMPTY;
  /** Increases with each change, so that views know when to draw again. */
  version = 0;
  private lines = new Map<number, LogLine>();
  private loading = new Map<number, Promise<void>>();
  /** The lines that came into view since those that are being fetched. */
  private next: readonly Range[] | null = null;
  private isFetching = false;

  constructor(
    private readonly fetchLines: FetchLines,
    private readonly onChange: () => void = () => {},
  ) {}

  line(number: number): LogLine | undefined {
    return this.lines.get(number);
  }

  /** Fetch the end of the log, and with it how long the log is now. */
  async refresh(): Promise<void> {
    await this.load(-1, -CHUNK_LINES, CHUNK_LINES);
  }

  /** An event reported that the log has grown. */
  grow(lines: number, bytes: number): void {
    if (this.state.totalLines !== null && lines <= this.state.totalLines) return;
    this.change({ totalLines: lines, totalBytes: bytes });
  }

  /**
   * Fetch the missing lines of these ranges, which are in view. While others are being fetched, only the last view waits
   * for them: a scroll bar that is dragged through a long log passes more lines than anyone reads.
   */
  async view(ranges: readonly Range[]): Promise<void> {
    this.next = ranges;
    if (this.isFetching) return;
    this.isFetching = true;
    while (this.next !== null) {
      const current: readonly Range[] = this.next;
      this.next = null;
      await Promise.all(current.map(([first, end]) => this.need(first, end)));
    }
    this.isFetching = false;
  }

  /** Fetch the lines from `first` to before `end` that are missing. */
  async need(first: number, end: number): Promise<void> {
    const total = this.state.totalLines ?? 0;
    const chunks: Promise<void>[] = [];
    for (
      let chunk = Math.floor(Math.max(0, first) / CHUNK_LINES);
      chunk * CHUNK_LINES < Math.min(end, total);
      chunk++
    ) {
      chunks.push(this.needInChunk(chunk, first, Math.min(end, total)));
    }
    await Promise.all(chunks);
  }

  private async needInChunk(chunk: number, first: number, end: number): Promise<void> {
    const chunkEnd = (chunk + 1) * CHUNK_LINES;
    const missing = this.firstMissing(Math.max(first, chunk * CHUNK_LINES), Math.min(end, chunkEnd));
    if (missing === null) return;
    // Lines at the end of a growing log are fetched from the first missing one, all others as a whole chunk.
    const isPartial = this.lines.has(chunk * CHUNK_LINES) && this.firstMissing(chunk * CHUNK_LINES, missing) === null;
    const from = isPartial ? missing : chunk * CHUNK_LINES;
    await this.load(chunk, from, chunkEnd - from);
  }

  private firstMissing(first: number, end: number): number | null {
    for (let number = first; number < end; number++) if (!this.lines.has(number)) return number;
    return null;
  }

  private load(chunk: number, first: number, count: number): Promise<void> {
    const current = this.loading.get(chunk);
    if (current) return current;
    const request = this.fetchInto(first, count).finally(() => this.loading.delete(chunk));
    this.loading.set(chunk, request);
    return request;
  }

  private async fetchInto(first: number, count: number): Promise<void> {
    try {
      const part = await this.fetchLines(first, count);
      for (const line of part.lines) this.lines.set(line.number, line);
      this.forget(part.lines[0]?.number ?? 0);
      this.change({
        totalLines: Math.max(part.totalLines, this.state.totalLines ?? 0),
        totalBytes: Math.max(part.totalBytes, this.state.totalBytes),
        isEnded: part.isEnded,
        isCut: part.truncated,
        error: null,
      });
    } catch (error) {
      this.change({ error });
    }
  }

  /** Forget the lines that are farthest from the ones in use. */
  private forget(used: number): void {
    if (this.lines.size <= MAX_LINES) return;
    const near = [...this.lines.values()].filter((line) => Math.abs(line.number - used) <= MAX_LINES / 4);
    this.lines = new Map(near.map((line) => [line.number, line]));
  }

  private change(changes: Partial<LogState>): void {
    this.state = { ...this.state, ...changes };
    this.version += 1;
    this.onChange();
  }
}

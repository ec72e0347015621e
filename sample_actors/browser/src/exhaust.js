// Uses up one kind of memory, to show how an Actor with a browser ends at each limit.
import { appendFile } from 'node:fs/promises';

const STEP_BYTES = 16 * 1024 * 1024;

export async function exhaust(kind, page) {
    if (kind === 'page') await page.evaluate(fillPage, STEP_BYTES);
    if (kind === 'heap') fillHeap();
    if (kind === 'sharedMemory') await fillSharedMemory();
}

/** Runs in the page, so the memory belongs to the browser's process for the page. */
async function fillPage(stepBytes) {
    const steps = [];
    for (;;) {
        steps.push(new Uint8Array(stepBytes).fill(1));
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
}

function fillHeap() {
    const rows = [];
    for (;;) rows.push({ row: rows.length, text: `row ${rows.length}` });
}

/** Fill the file system in which programs share memory. */
async function fillSharedMemory() {
    const step = Buffer.alloc(STEP_BYTES, 1);
    try {
        for (;;) await appendFile('/dev/shm/filled', step);
    } catch (error) {
        throw new Error(`/dev/shm is full: ${error.message}`, { cause: error });
    }
}

const RECENT = 20;

/** The progress of the crawl. The crawl writes it, and the web page reads it. */
export class Progress {
    started = performance.now();
    state = 'starting';
    crawled = 0;
    failed = 0;
    recent = [];

    get elapsedSecs() {
        return (performance.now() - this.started) / 1000;
    }

    add(page) {
        this.crawled += 1;
        this.recent = [page, ...this.recent].slice(0, RECENT);
    }

    report() {
        const { state, crawled, failed, recent } = this;
        return { state, crawled, failed, elapsedSecs: Number(this.elapsedSecs.toFixed(1)), recent };
    }
}

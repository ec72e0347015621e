import { createServer } from 'node:http';

/** Serve the progress on all interfaces of the container: / for people, /progress for programs. */
export function serve(progress, port) {
    const server = createServer((request, response) => {
        const report = progress.report();
        if (request.url.split('?')[0] === '/progress') {
            response.setHeader('Content-Type', 'application/json');
            response.end(JSON.stringify(report));
        } else {
            response.setHeader('Content-Type', 'text/html; charset=utf-8');
            response.end(page(report));
        }
    });
    server.listen(port);
}

function page({ state, crawled, failed, elapsedSecs, recent }) {
    const rows = recent.map(({ title, url }) => `<li>${escape(title)} <small>${escape(url)}</small>`);
    return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="refresh" content="2">
<title>Crawler: ${state}</title>
<h1>${state}</h1>
<p>${crawled} pages crawled, ${failed} failed, after ${elapsedSecs} s</p>
<ol reversed>
${rows.join('\n')}
</ol>
</html>
`;
}

function escape(text) {
    const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
    return text.replace(/[&<>"']/g, (character) => entities[character]);
}

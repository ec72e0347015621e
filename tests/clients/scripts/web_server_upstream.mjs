// A web server of an Actor, written for Node.js. It prints its port.
import http from 'node:http';

const server = http.createServer((request, response) => {
    if (request.url === '/hints') {
        response.writeEarlyHints({ link: '</a.css>; rel=preload' }, () => response.end('hinted'));
    } else if (request.url === '/empty') {
        response.writeHead(204).end();
    } else {
        const pieces = [];
        request.on('data', (piece) => pieces.push(piece));
        request.on('end', () => {
            const body = Buffer.concat(pieces);
            if (request.url === '/trailers') {
                response.writeHead(200, { Trailer: 'X-Got' });
                response.write(body);
                response.addTrailers({ 'X-Got': request.trailers['x-sum'] ?? 'none' });
                response.end();
            } else {
                response.end(body.length ? body : `${request.method} ${request.url}`);
            }
        });
    }
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));

// Node.js loads this before every main module in the container of a debugged run, through NODE_OPTIONS.
// The first process that runs a program of the Actor opens the inspector and waits for a debugger.
'use strict';

const { existsSync, realpathSync, writeFileSync } = require('node:fs');
const { isMainThread } = require('node:worker_threads');

// npm, npx, tsx, nodemon and the like are installed packages. They start the Actor as a process of their own.
const INSTALLED = /[\\/](node_modules|nodejs|corepack|yarn|pnpm)[\\/]/;

function realPath(path) {
    return existsSync(path) ? realpathSync(path) : path;
}

function runsProgramOfActor() {
    const main = process.argv[1];
    return isMainThread && main !== undefined && !INSTALLED.test(realPath(main));
}

// This file shows Greenroom that a program waits.
function leaveMark() {
    try {
        writeFileSync(process.env.GREENROOM_DEBUG_MARK, '');
    } catch (error) {
        console.error(`Greenroom: ${error.message}. So a debugger can attach, but Greenroom does not notice it.`);
    }
}

const port = Number(process.env.GREENROOM_DEBUG_PORT);
if (port && !process.env.GREENROOM_DEBUGGED && runsProgramOfActor()) {
    process.env.GREENROOM_DEBUGGED = '1';
    leaveMark();
    require('node:inspector').open(port, '0.0.0.0', true);
}

// Prints the names of the files that `apify push` sends from each folder that is passed as an argument, as JSON.
//
// The command does not export its function, so a hook of Node.js adds an export while it loads the unmodified module.
import { readdirSync, realpathSync } from 'node:fs';
import { register } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const folder = realpathSync(fileURLToPath(new URL('../node_modules/apify-cli/dist', import.meta.url)));
const [name] = readdirSync(folder).filter((name) => /^_register-.*\.js$/.test(name));
const command = pathToFileURL(`${folder}/${name}`).href;
const hook = `export async function load(url, context, next) {
    const loaded = await next(url, context);
    return url === '${command}' ? { ...loaded, source: loaded.source + '\\nexport { getActorLocalFilePaths };' } : loaded;
}`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
const { getActorLocalFilePaths } = await import(command);
const files = await Promise.all(process.argv.slice(2).map((path) => getActorLocalFilePaths(path)));
console.log(JSON.stringify(files));

// Child process of the local run: what Lambda's Node runtime does around one function.
// Loads the handler named by _HANDLER, tells that it is ready, then answers one invocation at a time over the channel to the runner.
import { subscribe } from 'node:diagnostics_channel';
import { createRequire } from 'node:module';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

process.once('disconnect', () => process.exit());

const describe = (error) =>
  error instanceof Error ? { errorType: error.name, errorMessage: error.message, stackTrace: String(error.stack).split('\n') } : { errorType: typeof error, errorMessage: String(error), stackTrace: [] };

// The peak of this program alone: getrusage's would start at what the runner held when it forked.
const peakRssMb = () => {
  const kb = existsSync('/proc/self/status') ? /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] : undefined;
  return Math.round(kb === undefined ? process.memoryUsage().rss / 1_048_576 : Number(kb) / 1024);
};

/** Requests that the function sent during this invocation, by host and port: the SDK's through node:http, the adapters' through fetch. */
let calls = {};
const count = (host) => {
  calls[host] = (calls[host] ?? 0) + 1;
};
subscribe('http.client.request.start', ({ request }) => count(request.getHeader('host') ?? request.host));
subscribe('undici:request:create', ({ request }) => count(new URL(request.origin).host));

async function loadHandler() {
  const handlerName = process.env._HANDLER;
  const dot = handlerName.lastIndexOf('.');
  const base = join(process.env.LAMBDA_TASK_ROOT, handlerName.slice(0, dot));
  const file = ['.js', '.mjs', '.cjs'].map((extension) => base + extension).find((path) => existsSync(path));
  if (file === undefined) throw new Error(`Runtime.ImportModuleError: there is no ${base}.js, .mjs or .cjs`);
  const module = file.endsWith('.mjs') ? await import(pathToFileURL(file).href) : createRequire(import.meta.url)(file);
  const handler = module[handlerName.slice(dot + 1)];
  if (typeof handler !== 'function') throw new Error(`Runtime.HandlerNotFound: ${handlerName} is not exported`);
  // The runtime of Node 24 has no callbacks any more: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html
  if (handler.length > 2) throw new Error('Runtime.CallbackHandlerDeprecated: callback handlers are not supported from Node 24 on');
  return handler;
}

// `left` is milliseconds of the function's own time, which may run faster than the wall's.
const contextOf = ({ context, left }) => {
  const endsAt = Date.now() + left;
  return { ...context, callbackWaitsForEmptyEventLoop: false, getRemainingTimeInMillis: () => Math.max(0, endsAt - Date.now()) };
};

async function invoke(handler, message) {
  calls = {};
  // Written before anything the handler writes: by this line the runner tells which invocation the following ones belong to.
  process.stdout.write(`START RequestId: ${message.context.awsRequestId} Version: ${message.context.functionVersion}\n`);
  try {
    const result = await handler(JSON.parse(message.event), contextOf(message));
    return { payload: JSON.stringify(result) ?? 'null' };
  } catch (error) {
    process.stderr.write(`${JSON.stringify({ level: 'ERROR', message: 'Invoke Error', ...describe(error) })}\n`);
    return { error: describe(error) };
  }
}

try {
  const handler = await loadHandler();
  process.on('message', (message) => {
    void invoke(handler, message).then((outcome) => process.send({ ...outcome, peakRssMb: peakRssMb(), calls }));
  });
  process.send({ ready: true });
} catch (error) {
  process.send({ failed: describe(error) }, () => process.exit(1));
}

// Loaded by `node --import` into child processes: makes Date run `rate` times as fast from `epoch` on; timers or deadlines too, where asked.
const asked = new URL(import.meta.url).searchParams;
const epoch = Number(asked.get('epoch'));
const rate = Number(asked.get('rate'));

const wallNow = Date.now;
const now = () => epoch + Math.round((wallNow() - epoch) * rate);

const VirtualDate = new Proxy(Date, {
  construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
  apply: (target) => new target(now()).toString(),
});
Date.now = now;
Date.prototype.constructor = VirtualDate;
globalThis.Date = VirtualDate;

if (asked.get('timers') === 'true') {
  const { setTimeout: wallTimeout, setInterval: wallInterval } = globalThis;
  // A few milliseconds are how an engine looks around, not a time that anyone waits for: divided, they would only burn CPU, and a queue
  // that is asked without a wait would answer before it has looked at all.
  globalThis.setTimeout = (run, delay = 0, ...args) => wallTimeout(run, Math.max(Math.min(delay, 40), delay / rate), ...args);
  globalThis.setInterval = (run, delay = 0, ...args) => wallInterval(run, Math.max(Math.min(delay, 10), delay / rate), ...args);
}

if (asked.get('deadlines') === 'true') {
  const { AbortSignal } = globalThis;
  const wallDeadline = AbortSignal.timeout.bind(AbortSignal);
  // A call that waited its ten seconds on the wall would outlive its lease, which ends by this clock; but a busy machine needs its time.
  const least = 3000;
  AbortSignal.timeout = (ms) => wallDeadline(Math.max(ms / rate, Math.min(ms, least)));
}

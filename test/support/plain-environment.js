// Jest's environment looks every global up through a Proxy, so that what computes much takes twice as long. This one has a plain global object.
import { TestEnvironment } from 'jest-environment-node';
import { constants, createContext } from 'node:vm';

export default class PlainEnvironment extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    const [slow, plain] = [this.global, createContext(constants.DONT_CONTEXTIFY)];
    const own = new Set(Reflect.ownKeys(plain));
    // Buffers of Node's are instances of these; ours must be too.
    for (const name of ['ArrayBuffer', 'Uint8Array']) plain[name] = slow[name];
    for (const name of Reflect.ownKeys(slow)) if (!own.has(name)) lend(plain, slow, name);
    plain.global = plain;
    plain.Error.stackTraceLimit = 100;
    this.global = plain;
    this.context = plain;
  }
}

/** What is loaded at its first use, such as fetch, is still. */
function lend(plain, slow, name) {
  const descriptor = Reflect.getOwnPropertyDescriptor(slow, name);
  if (!('get' in descriptor)) return void Reflect.defineProperty(plain, name, descriptor);
  const settle = (value) => Reflect.defineProperty(plain, name, { value, configurable: true, enumerable: descriptor.enumerable, writable: true });
  Reflect.defineProperty(plain, name, {
    configurable: true,
    enumerable: descriptor.enumerable,
    set: settle,
    get() {
      settle(slow[name]);
      return plain[name];
    },
  });
}

// Bundled in place of node-fetch, which gaxios loads where it is given no other: Node's own fetch does the same, without 86 KB.
export default globalThis.fetch;

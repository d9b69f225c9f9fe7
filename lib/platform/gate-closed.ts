/** A gate closed, or became unknown, while work was under way. Nothing failed: the mark stays, and the timer rings again once it opens. */
export class GateClosed extends Error {
  constructor() {
    super('Sync was turned off, or its settings became unknown, or the connection was paused, while work was under way.');
    this.name = 'GateClosed';
  }
}

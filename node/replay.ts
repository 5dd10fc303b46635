'use strict';
// MemoryReplayGuard: remembers the callbacks that were accepted, in this process.

const { native, made } = require('./native.cjs');
const { members, types } = require('./arguments.cjs');

class MemoryReplayGuard {
  #native;

  constructor(options = {}) {
    const { capacity } = members('MemoryReplayGuard', options, { capacity: types.number });
    this.#native = made(native.makeReplayGuard(capacity));
  }

  isFirst(nonce, signature) {
    return this.#native.isFirst(String(nonce), String(signature));
  }
}

module.exports = { MemoryReplayGuard };

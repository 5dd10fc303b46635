// The symbol for `await using`, which TypeScript and the first releases of Node 20 do not all have.

declare global {
  // Known to TypeScript only with the library `esnext.disposable` or Node's types.
  interface SymbolConstructor {
    readonly asyncDispose: unique symbol;
  }
}

/** The symbol for `await using`. */
export const asyncDispose: typeof Symbol.asyncDispose =
  (Symbol as Partial<SymbolConstructor>).asyncDispose ?? (Symbol.for('Symbol.asyncDispose') as typeof Symbol.asyncDispose);

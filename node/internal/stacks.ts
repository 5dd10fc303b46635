// Where the stacks of errors begin: at the caller of this package, not within it.

import { isAsyncFunction } from 'node:util/types';

type Callable = (this: unknown, ...args: never[]) => unknown;

/** The function of this package that is being called, until it waits for the first time. */
let entered: Callable | undefined;

/** Errors whose stacks begin at a caller already. */
const placed = new WeakSet<object>();

/** Errors that this package has made; those of a shop's own functions are left as they are. */
const ours = new WeakSet<object>();

/** Notes an error that this package makes. One that is made at once, before anything is waited for, has its stack already. */
export function own<T extends Error>(error: T): T {
  ours.add(error);
  beginAtEntry(error);
  return error;
}

/** Lets the stack of an error begin at the caller of what is being called, if it is made at once. */
export function beginAtEntry(error: Error): void {
  if (entered === undefined) return;
  ours.add(error);
  beginAt(error, entered);
}

/**
 * Lets the stack of an error of this package begin at whoever calls `called`, which is being called or awaited. Where nobody can
 * be seen who does, it stays as it is.
 */
export function beginAt(error: unknown, called: Callable): void {
  for (let each = error; each instanceof Error && ours.has(each) && !placed.has(each); each = each.cause) {
    const { stack = '' } = each;
    Error.captureStackTrace(each, called);
    const made: unknown = each.stack;
    // Without a single frame it would say less than before; what a program makes of stacks is not read.
    if (typeof made === 'string' && framesOf(made) === '') each.stack = stack;
    else placed.add(each);
  }
}

/** Where a call of many carts was made, for the errors among its results: nobody waits for one of those. */
export interface Site {
  stack?: string;
}

export function site(): Site {
  const here: Site = {};
  Error.captureStackTrace(here, entered);
  return here;
}

/** Lets the stack of an error begin where its call was made. */
export function beginThere<T extends Error | null>(error: T, there: Site): T {
  const frames = error && framesOf(there.stack);
  if (frames) Object.defineProperty(error, 'stack', { value: `${String(error)}${frames}`, configurable: true, writable: true });
  return error;
}

/** The frames of a stack, where it is text. */
function framesOf(stack: unknown): string {
  const at = typeof stack === 'string' ? stack.indexOf('\n    at ') : -1;
  return at < 0 ? '' : (stack as string).slice(at);
}

/** A function whose errors have stacks that begin at its caller. */
export function entry<F extends Callable>(inner: F): F {
  const { name, length } = inner;
  const outer = isAsyncFunction(inner)
    ? async function (this: unknown, ...args: never[]): Promise<unknown> {
        try {
          return await within(outer, () => Reflect.apply(inner, this, args));
        } catch (error) {
          beginAt(error, outer);
          throw error;
        }
      }
    : function (this: unknown, ...args: never[]): unknown {
        return within(outer, () => Reflect.apply(inner, this, args));
      };
  Object.defineProperties(outer, { name: { value: name, configurable: true }, length: { value: length, configurable: true } });
  return outer as F;
}

/** Runs what is to be done at once for a caller of `outer`; where it was called from within this package, for whoever called that. */
export function within<T>(outer: unknown, run: () => T): T {
  const before = entered;
  entered ??= outer as Callable;
  try {
    return run();
  } finally {
    entered = before;
  }
}

/** Makes entries of the methods of a class, those of the class itself among them. */
export function entries(Class: { readonly prototype: object }, ...statics: string[]): void {
  for (const [holder, names] of [[Class.prototype, Object.getOwnPropertyNames(Class.prototype)], [Class, statics]] as const) {
    for (const name of names) {
      const found = Object.getOwnPropertyDescriptor(holder, name);
      if (name !== 'constructor' && typeof found?.value === 'function') {
        Object.defineProperty(holder, name, { ...found, value: entry(found.value as Callable) });
      }
    }
  }
}

// Names in both spellings: the core's errors call a member `app_key`, JavaScript calls it `appKey`.

/** What the core calls by its Rust name, in JavaScript's spelling: the names of all options and methods, as they are declared. */
const spellings = new Map<string, string>();

/** What may be such a name. Quoted text is skipped: it is the caller's or the server's own. */
const RUST_NAME = /"(?:[^"\\]|\\.)*"|\b[a-z]+(?:_[a-z]+)+\b/g;

/** Declares names that errors may speak of. Where JavaScript's names its unit, as `timeoutMs` does, the core's has a type. */
export function declareNames(names: Iterable<string>): void {
  for (const name of names) {
    spellings.set(snakeCase(name), name);
    const withoutUnit = snakeCase(name).replace(/_ms$/, '');
    if (!spellings.has(withoutUnit)) spellings.set(withoutUnit, name);
  }
}

/** A message of the core with the names that a caller in JavaScript knows. */
export function inJavaScript(message: string): string {
  return message.replace(RUST_NAME, (word) => spellings.get(word) ?? word);
}

/** A name as Rust spells it. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

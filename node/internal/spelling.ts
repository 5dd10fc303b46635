// Names in both spellings: the core's errors call a member `app_key`, JavaScript calls it `appKey`.

/** What the core calls by its Rust name, in JavaScript's spelling: the names of all options and methods, as they are declared. */
const spellings = new Map<string, string>();

/** What may be such a name. Quoted text is skipped: it is the caller's or the server's own. */
const RUST_NAME = /"(?:[^"\\]|\\.)*"|\b[a-z]+(?:_[a-z]+)+\b/g;

/** Names that have been declared, and are not spelled yet: that takes time, and many a program never reads an error. */
const declared: (readonly string[])[] = [];

/** Declares names that errors may speak of. Where JavaScript's names its unit, as `timeoutMs` does, the core's has a type. */
export function declareNames(names: readonly string[]): void {
  declared.push(names);
}

function spell(name: string): void {
  spellings.set(snakeCase(name), name);
  const withoutUnit = snakeCase(name).replace(/_ms$/, '');
  if (!spellings.has(withoutUnit)) spellings.set(withoutUnit, name);
}

/** A message of the core with the names that a caller in JavaScript knows. */
export function inJavaScript(message: string): string {
  for (const names of declared.splice(0)) names.forEach(spell);
  return message.replace(RUST_NAME, (word) => spellings.get(word) ?? word);
}

/** A name as Rust spells it. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

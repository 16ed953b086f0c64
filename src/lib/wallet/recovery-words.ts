// Owns reading typed recovery words: split and spelled as BIP39 has them; whether they fit together is for the worker to say.

/** The words in what was typed or pasted; numbers and dots of a list are dropped. */
export function splitWords(text: string): string[] {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .split(/[\s,;.]+|\d+/)
    .filter((word) => word !== '');
}

/** Words outside the list. The last one counts only once it is `finished`, so that nobody is corrected while typing. */
export function unknownWords(words: string[], wordlist: ReadonlySet<string>, finished: boolean): string[] {
  const checkable = finished ? words : words.slice(0, -1);
  const last = words.at(-1);
  const isPrefix = last !== undefined && [...wordlist].some((word) => word.startsWith(last));
  const suspects = finished || last === undefined || isPrefix ? checkable : words;
  return suspects.filter((word) => !wordlist.has(word));
}

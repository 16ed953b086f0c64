// Owns the proof that typed words are read as people write them, and that nobody is corrected too early.
import { expect, it } from 'vitest';
import { splitWords, unknownWords } from './recovery-words.js';

const list = new Set(['abandon', 'ability', 'zoo']);

it('reads numbered, spaced and capitalised lists alike', () => {
  expect(splitWords('1. Abandon\n2. ability, ZOO ')).toEqual(['abandon', 'ability', 'zoo']);
  expect(splitWords('1abandon 2ability')).toEqual(['abandon', 'ability']);
  expect(splitWords('  ')).toEqual([]);
});

it('waits with a half-typed word that can still become one', () => {
  expect(unknownWords(['zoo', 'aban'], list, false)).toEqual([]);
  expect(unknownWords(['zoo', 'aban'], list, true)).toEqual(['aban']);
  expect(unknownWords(['zoo', 'abx'], list, false)).toEqual(['abx']);
  expect(unknownWords(['zo', 'ability'], list, false)).toEqual(['zo']);
});

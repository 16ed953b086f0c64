// Owns what the chain tells of broken promises: a commitment transaction that was taken, of somebody who was not allowed to broadcast any.
import type { ParsedTransaction } from '../regtest/indexed-transaction.js';
import type { World } from './world.js';

export class ChainWatch {
  /** Personas whose processes may broadcast commitment transactions: the world made them. */
  readonly mayForceClose = new Set<string>();
  /** Every commitment transaction, with who broadcast it. */
  readonly commitments: { txid: string; by: string }[] = [];
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
    world.chain.onSubmit = (transaction, by, refusal) => this.#submitted(transaction, by, refusal);
  }

  #submitted(transaction: ParsedTransaction, by: string, refusal?: string): void {
    const isCommitment = isCommitmentTransaction(transaction);
    const spent = transaction.inputs.map(({ txid, vout }) => `${txid.slice(0, 8)}:${vout}`).join(' ');
    const what = `${isCommitment ? 'a commitment ' : ''}${transaction.txid.slice(0, 8)} of ${spent}`;
    this.#world.tell(`${by} broadcasts ${what}${refusal ? `: ${refusal}` : ''}`);
    if (!isCommitment) return;
    this.commitments.push({ txid: transaction.txid, by });
    // A closing by consent that the node has forgotten to have seen: its commitment comes too late to do anything.
    if (refusal !== undefined || this.mayForceClose.has(by.split('-')[0] ?? '')) return;
    this.#world.violated(`${by} closes a channel by force with ${transaction.txid}`);
  }
}

/** BOLT 3: the obscured commitment number lies in the lock time and the sequence of the only input. */
export function isCommitmentTransaction({ inputs, lockTime }: ParsedTransaction): boolean {
  const [input] = inputs;
  return inputs.length === 1 && lockTime >>> 24 === 0x20 && input !== undefined && input.sequence >>> 24 === 0x80;
}

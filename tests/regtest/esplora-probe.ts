// Owns what the tests of the Esplora server share: keys, spends and requests against one server of their own.
import { sha256 } from '@noble/hashes/sha2.js';
import { hex } from '@scure/base';
import { p2wpkh, Transaction } from '@scure/btc-signer';
import { pubECDSA } from '@scure/btc-signer/utils.js';
import { expect } from 'vitest';
import { regtestNetwork } from './script-forms.js';
import { startStand, type Stand } from './stand.js';

/** The parts of Esplora's transaction that tests look at. */
export interface TransactionJson {
  txid: string;
  vin: {
    txid: string;
    vout: number;
    is_coinbase: boolean;
    prevout: { value: number; scriptpubkey_address?: string } | null;
  }[];
  vout: { value: number; scriptpubkey: string; scriptpubkey_address?: string }[];
  size: number;
  weight: number;
  fee: number;
  status: { confirmed: boolean; block_height?: number; block_hash?: string };
}

export interface Key {
  privateKey: Uint8Array;
  address: string;
  script: Uint8Array;
  scriptHash: string;
}

export interface Coin {
  txid: string;
  vout: number;
  amountSat: bigint;
}

let keysMade = 0;

/** A key of a test's own, so that no test sees another's coins. */
export function newKey(): Key {
  const privateKey = sha256(new TextEncoder().encode(`esplora test key ${++keysMade}`));
  const { address = '', script } = p2wpkh(pubECDSA(privateKey), regtestNetwork);
  return { privateKey, address, script, scriptHash: hex.encode(sha256(script)) };
}

/** Spends an output of `from` to `to`, leaving `feeSat`; replaceable. */
export function spend(from: Key, coin: Coin, to: Key, feeSat = 500n): Transaction {
  const transaction = new Transaction();
  transaction.addInput({
    txid: coin.txid,
    index: coin.vout,
    sequence: 0xfffffffd,
    witnessUtxo: { script: from.script, amount: coin.amountSat }
  });
  transaction.addOutput({ script: to.script, amount: coin.amountSat - feeSat });
  transaction.sign(from.privateKey);
  transaction.finalize();
  return transaction;
}

export function doubleHash(bytes: Uint8Array): Uint8Array {
  return sha256(sha256(bytes));
}

/** A stand with its Esplora server, and the ways tests talk to it. */
export class EsploraProbe {
  readonly stand: Stand;

  private constructor(stand: Stand) {
    this.stand = stand;
  }

  static async start(): Promise<EsploraProbe> {
    return new EsploraProbe(await startStand({ esplora: true }));
  }

  /** Pays a coin to `key`, unconfirmed. */
  async fundedCoin(key: Key, amountSat = 100_000n): Promise<Coin> {
    return { txid: await this.stand.chain.fund(key.address, amountSat), vout: 0, amountSat };
  }

  request(path: string, init?: RequestInit): Promise<Response> {
    return fetch(this.stand.esplora.url + path, init);
  }

  async text(path: string): Promise<string> {
    const response = await this.request(path);
    expect(response.status, path).toBe(200);
    return response.text();
  }

  async bytes(path: string): Promise<Uint8Array> {
    return new Uint8Array(await (await this.request(path)).arrayBuffer());
  }

  async json<T>(path: string): Promise<T> {
    return JSON.parse(await this.text(path)) as T;
  }

  broadcast(transaction: Transaction): Promise<Response> {
    return this.request('/tx', { method: 'POST', body: transaction.hex });
  }
}

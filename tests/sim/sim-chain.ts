// Owns the simulated chain: a transaction enters only if every input exists, is unspent, mature and past its time locks, and pays for itself. Scripts are not run.
import { hex } from '@scure/base';
import { RawTx } from '@scure/btc-signer';
import { parseTransaction, type ParsedTransaction } from '../regtest/indexed-transaction.js';
import { scriptOfAddress } from '../regtest/script-forms.js';
import { Snapshot, type IndexedBlock } from '../regtest/snapshot.js';
import {
  assembleBlock,
  BLOCK_VERSION,
  coinbaseOf,
  GENESIS,
  MINER_SCRIPT,
  SUBSIDY_SAT,
  type BlockForm
} from './sim-blocks.js';

const COINBASE_MATURITY = 100;
const FINAL = 0xffffffff;
/** BIP68 */
const SEQUENCE_DISABLED = 0x80000000;
const SEQUENCE_TIME = 0x00400000;
interface Branch {
  block: IndexedBlock;
  transactions: ParsedTransaction[];
}

/** A chain at rest, to begin other worlds with. */
export interface ChainRecord {
  blocks: readonly Branch[];
  headers: ReadonlyMap<string, string>;
  submitted: ReadonlyMap<string, ParsedTransaction>;
  coins: readonly { txid: string; height: number }[];
  fundedSat: bigint;
  faucetTxids: ReadonlySet<string>;
}

/** Why a transaction was not taken, in Core's words. */
export class Refused extends Error {}

/** One best chain and one mempool, seen by everybody at once. */
export class SimChain {
  readonly snapshot = new Snapshot();
  /** Everything that anybody tried to broadcast, by txid. */
  readonly submitted: Map<string, ParsedTransaction>;
  /** Told of every transaction once it is judged; `refusal`: why it was not taken. */
  onSubmit: (transaction: ParsedTransaction, by: string, refusal?: string) => void = () => undefined;
  /** What the faucet gave. */
  fundedSat: bigint;
  readonly #faucetTxids: Set<string>;
  readonly #headers: Map<string, string>;
  readonly #blocks: Branch[] = [];
  #mempool: ParsedTransaction[] = [];
  #coins: { txid: string; height: number }[];
  readonly #nowMs: () => number;

  constructor(nowMs: () => number, record?: ChainRecord) {
    this.#nowMs = nowMs;
    this.submitted = new Map(record?.submitted);
    this.#headers = new Map(record?.headers);
    this.#coins = [...(record?.coins ?? [])];
    this.fundedSat = record?.fundedSat ?? 0n;
    this.#faucetTxids = new Set(record?.faucetTxids);
    for (const { block, transactions } of record?.blocks ?? []) this.#connect(block, transactions);
    if (record) return;
    const genesis = [parseTransaction(GENESIS.coinbase)];
    this.#append(genesis, GENESIS);
    this.mine(COINBASE_MATURITY + 10);
  }

  /** What a new chain can go on from. Nothing may wait for a block. */
  toRecord(): ChainRecord {
    if (this.#mempool.length > 0) throw new Error('a chain is recorded at rest only');
    return {
      blocks: [...this.#blocks],
      headers: new Map(this.#headers),
      submitted: new Map(this.submitted),
      coins: [...this.#coins],
      fundedSat: this.fundedSat,
      faucetTxids: new Set(this.#faucetTxids)
    };
  }

  get height(): number {
    return this.snapshot.tip?.height ?? -1;
  }

  get mempool(): readonly ParsedTransaction[] {
    return this.#mempool;
  }

  /** The raw header of a block of the best chain. */
  headerOf(hash: string): string | undefined {
    return this.snapshot.block(hash) && this.#headers.get(hash);
  }

  /** Takes a transaction into the mempool, in the place of what it outbids. Throws `Refused`. */
  submit(rawHex: string, by: string): string {
    const transaction = parseTransaction(rawHex);
    this.submitted.set(transaction.txid, transaction);
    try {
      this.#take(transaction);
    } catch (thrown) {
      this.onSubmit(transaction, by, String(thrown));
      throw thrown;
    }
    this.onSubmit(transaction, by);
    return transaction.txid;
  }

  /** Mines `count` blocks; what waits goes into the first that may take it. */
  mine(count: number, isEmpty = false): void {
    for (let mined = 0; mined < count; mined += 1) this.#mineOne(isEmpty ? [] : this.#mempool);
  }

  /** Takes `depth` blocks off and mines one more, which confirm nothing but coinbases: their transactions wait again. */
  reorganise(depth: number): void {
    const undone = this.#blocks.slice(-depth).flatMap(({ transactions }) => transactions.slice(1));
    this.snapshot.clearMempool();
    for (let gone = 0; gone < depth; gone += 1) {
      this.snapshot.disconnect();
      const branch = this.#blocks.pop();
      this.#coins = this.#coins.filter((coin) => coin.txid !== branch?.transactions[0]?.txid);
    }
    this.#mempool = [...undone, ...this.#mempool];
    this.mine(depth + 1, true);
    this.#mempool = this.#mempool.filter(({ txid }) => this.snapshot.transaction(txid));
  }

  /** What everybody but the faucet paid to miners, in blocks and waiting. */
  feesSat(): bigint {
    let sum = 0n;
    for (const txid of this.submitted.keys()) {
      const known = this.#faucetTxids.has(txid) ? undefined : this.snapshot.transaction(txid);
      sum += known?.feeSat ?? 0n;
    }
    return sum;
  }

  /** Pays `amountSat` to an address out of the miner's coins. */
  fund(address: string, amountSat: bigint): string {
    const coin = this.#coins.shift();
    if (!coin || coin.height > this.height + 1 - COINBASE_MATURITY) throw new Error('the miner has no mature coins');
    const outputs = [
      { amount: amountSat, script: scriptOfAddress(address) },
      { amount: SUBSIDY_SAT - amountSat - 1_000n, script: MINER_SCRIPT }
    ];
    const inputs = [{ txid: hex.decode(coin.txid), index: 0, finalScriptSig: new Uint8Array(), sequence: FINAL - 2 }];
    const witnesses = [[Uint8Array.of(0x51)]];
    const raw = RawTx.encode({ version: 2, segwitFlag: true, inputs, outputs, witnesses, lockTime: 0 });
    const txid = this.submit(hex.encode(raw), 'the faucet');
    this.#faucetTxids.add(txid);
    this.fundedSat += amountSat;
    return txid;
  }

  #take(transaction: ParsedTransaction): void {
    const known = this.snapshot.transaction(transaction.txid);
    if (known) throw new Refused(known.confirmation ? 'Transaction already in block chain' : 'txn-already-in-mempool');
    const losers = this.#conflictsOf(transaction);
    const rest = this.#mempool.filter((waiting) => !losers.has(waiting.txid));
    this.#fill(rest);
    try {
      this.#check(transaction, losers);
    } catch (thrown) {
      this.#fill(this.#mempool);
      throw thrown;
    }
    this.#mempool = [...rest, transaction];
    this.#fill(this.#mempool);
  }

  #mineOne(waiting: readonly ParsedTransaction[]): void {
    const height = this.height + 1;
    this.snapshot.clearMempool();
    // Two branches must not have the same coinbase.
    const coinbase = coinbaseOf(height, this.#headers.size);
    const taken = waiting.filter((transaction) => isFinal(transaction, height, this.#medianTimeS()));
    const transactions = [coinbase, ...taken];
    const timestampS = Math.max(Math.floor(this.#nowMs() / 1000), this.#medianTimeS() + 1);
    this.#append(transactions, { version: BLOCK_VERSION, timestampS, nonce: 0 });
    this.#coins.push({ txid: coinbase.txid, height });
    const confirmed = new Set(taken);
    this.#mempool = this.#mempool.filter((transaction) => !confirmed.has(transaction));
    this.#fill(this.#mempool);
  }

  #append(transactions: ParsedTransaction[], form: BlockForm): void {
    const { block, header } = assembleBlock(this.snapshot, transactions, form);
    this.#headers.set(block.hash, header);
    this.#connect(block, transactions);
  }

  #connect(block: IndexedBlock, transactions: ParsedTransaction[]): void {
    this.snapshot.connect(block, transactions);
    this.#blocks.push({ block, transactions });
  }

  #medianTimeS(): number {
    return this.snapshot.tip?.medianTimeS ?? 0;
  }

  #fill(waiting: readonly ParsedTransaction[]): void {
    this.snapshot.clearMempool();
    this.snapshot.fillMempool([...waiting]);
  }

  /** Waiting transactions that spend the same outputs, and their descendants. */
  #conflictsOf(transaction: ParsedTransaction): Set<string> {
    const wanted = new Set(transaction.inputs.map(({ txid, vout }) => `${txid}:${vout}`));
    const losers = new Set<string>();
    for (const waiting of this.#mempool) {
      const conflicts = waiting.inputs.some(({ txid, vout }) => wanted.has(`${txid}:${vout}`) || losers.has(txid));
      if (conflicts) losers.add(waiting.txid);
    }
    return losers;
  }

  #check(transaction: ParsedTransaction, losers: Set<string>): void {
    const nextHeight = this.height + 1;
    if (!isFinal(transaction, nextHeight, this.#medianTimeS())) throw new Refused('non-final');
    let sum = 0n;
    for (const input of transaction.inputs) {
      const parent = this.snapshot.transaction(input.txid);
      const output = parent?.outputs[input.vout];
      if (!parent || !output || this.snapshot.spendOf(input.txid, input.vout)) {
        throw new Refused('bad-txns-inputs-missingorspent');
      }
      const height = parent.confirmation?.height ?? nextHeight;
      if (parent.isCoinbase && nextHeight - height < COINBASE_MATURITY) {
        throw new Refused('bad-txns-premature-spend-of-coinbase');
      }
      this.#checkSequence(transaction, input.sequence, height, nextHeight);
      sum += output.amountSat;
    }
    const feeSat = transaction.outputs.reduce((rest, { amountSat }) => rest - amountSat, sum);
    if (feeSat < 0n) throw new Refused('bad-txns-in-belowout');
    if (losers.size > 0 && !this.#outbids(feeSat, losers)) throw new Refused('insufficient fee, rejecting replacement');
  }

  #checkSequence({ version }: ParsedTransaction, sequence: number, height: number, nextHeight: number): void {
    if (version < 2 || (sequence & SEQUENCE_DISABLED) !== 0) return;
    const lock = sequence & 0xffff;
    if ((sequence & SEQUENCE_TIME) !== 0) {
      const sinceS = this.snapshot.blocks[height - 1]?.medianTimeS ?? 0;
      if (this.#medianTimeS() < sinceS + lock * 512) throw new Refused('non-BIP68-final');
    } else if (nextHeight < height + lock) {
      throw new Refused('non-BIP68-final');
    }
  }

  #outbids(feeSat: bigint, losers: Set<string>): boolean {
    // The losers are out of the snapshot by now; their fees follow from their own prevouts.
    const fees = this.#mempool.filter(({ txid }) => losers.has(txid)).map((loser) => this.#feeOf(loser, losers));
    return feeSat > fees.reduce((sum, fee) => sum + fee, 0n);
  }

  #feeOf(transaction: ParsedTransaction, losers: Set<string>): bigint {
    const valueOf = (txid: string, vout: number): bigint => {
      const parent = losers.has(txid) ? this.submitted.get(txid) : this.snapshot.transaction(txid);
      return parent?.outputs[vout]?.amountSat ?? 0n;
    };
    const paid = transaction.inputs.reduce((sum, { txid, vout }) => sum + valueOf(txid, vout), 0n);
    return transaction.outputs.reduce((rest, { amountSat }) => rest - amountSat, paid);
  }
}

function isFinal({ lockTime, inputs }: ParsedTransaction, height: number, medianTimeS: number): boolean {
  if (lockTime === 0 || inputs.every(({ sequence }) => sequence === FINAL)) return true;
  return lockTime < (lockTime < 500_000_000 ? height : medianTimeS);
}

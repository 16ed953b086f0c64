// Owns the coins of the stand's key, to which all blocks are mined: payments take turns, so no coin is spent twice.
import { sha256 } from '@noble/hashes/sha2.js';
import { p2wpkh, Transaction } from '@scure/btc-signer';
import { pubECDSA } from '@scure/btc-signer/utils.js';
import { TernError } from '../../src/wire/errors.js';
import type { Chain } from './chain.js';
import { regtestNetwork, scriptHashOf, scriptOfAddress } from './script-forms.js';

const coinbaseMaturity = 100;
const feerateSatPerVb = 5n;
const dustSat = 330n;
/** Sizes of BIP141 for one P2WPKH input, the largest standard output twice, and the rest. */
const inputVbytes = 69n;
const otherVbytes = 11n + 2n * 43n;

// Worth nothing: regtest only. Always the same, so that a kept chain can be spent from after a restart.
const privateKey = sha256(new TextEncoder().encode('the regtest stand’s key'));
const payment = p2wpkh(pubECDSA(privateKey), regtestNetwork);
const ownScriptHash = scriptHashOf(payment.script);

/** The address that all blocks are mined to. */
export const miningAddress = payment.address ?? '';

interface Coin {
  txid: string;
  vout: number;
  amountSat: bigint;
  isConfirmed: boolean;
}

type PurseChain = Pick<Chain, 'index' | 'sendRawTransaction'>;

export class Purse {
  readonly #chain: PurseChain;
  #lastPayment: Promise<unknown> = Promise.resolve();

  constructor(chain: PurseChain) {
    this.#chain = chain;
  }

  /** Pays and broadcasts; the txid. Fails with `invalid_address`, `amount_below_dust`, `insufficient_balance`. */
  pay(address: string, amountSat: bigint): Promise<string> {
    const paid = this.#lastPayment.then(() => this.#pay(address, amountSat));
    this.#lastPayment = paid.catch(() => undefined);
    return paid;
  }

  async #pay(address: string, amountSat: bigint): Promise<string> {
    const script = scriptOfAddress(address);
    if (amountSat < dustSat) {
      throw new TernError('amount_below_dust', `${amountSat} sat is dust`, `Ask for at least ${dustSat} sat.`);
    }
    await this.#chain.index.update();
    const { coins, feeSat } = choose(this.#spendable(), amountSat);
    const transaction = new Transaction();
    for (const { txid, vout, amountSat: amount } of coins) {
      transaction.addInput({ txid, index: vout, witnessUtxo: { script: payment.script, amount } });
    }
    transaction.addOutput({ script, amount: amountSat });
    const change = total(coins) - amountSat - feeSat;
    if (change >= dustSat) transaction.addOutput({ script: payment.script, amount: change });
    transaction.sign(privateKey);
    transaction.finalize();
    return this.#chain.sendRawTransaction(transaction.hex);
  }

  /** Confirmed coins first, so that payments do not build on each other without need; then the largest. */
  #spendable(): Coin[] {
    const { snapshot } = this.#chain.index;
    const nextHeight = (snapshot.tip?.height ?? 0) + 1;
    return snapshot
      .unspentOutputs(ownScriptHash)
      .filter(({ transaction: { isCoinbase, confirmation } }) => {
        return !isCoinbase || (confirmation !== undefined && nextHeight - confirmation.height >= coinbaseMaturity);
      })
      .map(({ transaction, vout, output }) => {
        return { txid: transaction.txid, vout, amountSat: output.amountSat, isConfirmed: !!transaction.confirmation };
      })
      .sort((a, b) => Number(b.isConfirmed) - Number(a.isConfirmed) || Number(b.amountSat - a.amountSat));
  }
}

function choose(spendable: Coin[], amountSat: bigint): { coins: Coin[]; feeSat: bigint } {
  const coins: Coin[] = [];
  for (const coin of spendable) {
    coins.push(coin);
    const feeSat = feerateSatPerVb * (BigInt(coins.length) * inputVbytes + otherVbytes);
    if (total(coins) >= amountSat + feeSat) return { coins, feeSat };
  }
  const cause = `the stand has ${total(spendable)} sat to spend and was asked for ${amountSat}`;
  throw new TernError('insufficient_balance', cause, 'Mine more blocks or ask for less.');
}

function total(coins: Coin[]): bigint {
  return coins.reduce((sum, { amountSat }) => sum + amountSat, 0n);
}

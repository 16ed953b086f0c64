// Owns the form of what a page may ask: parameters of any other form are refused before the wallet sees them. What they mean is checked at its door.
import * as v from 'valibot';
import { TernError } from '../wire/errors.js';
import type { WalletApi } from './api.js';

const text = v.string();
const note = v.optional(text);
const bytes = v.instance(Uint8Array);
const request = v.looseObject({});

/** For each method the forms of its parameters. */
export const FORMS: Record<keyof WalletApi, readonly v.GenericSchema[]> = {
  status: [],
  subscribe: [v.function()],
  create: [v.looseObject({ password: text, bip39Passphrase: note })],
  restore: [v.looseObject({ password: text, mnemonic: text, bip39Passphrase: note })],
  unlock: [text],
  unlockWithPasskey: [bytes],
  lock: [],
  passkey: [],
  addPasskey: [text, v.object({ credentialId: bytes, salt: bytes }), bytes],
  removePasskey: [],
  revealMnemonic: [text],
  markMnemonicBackedUp: [],
  isMnemonicBackedUp: [],
  touch: [v.boolean()],
  wipe: [text],
  info: [],
  balances: [],
  feeEstimates: [],
  newAddress: [],
  quoteOnchain: [request],
  sendOnchain: [request],
  quoteSpeedUp: [request],
  speedUp: [request],
  coins: [],
  freezeCoin: [text, v.boolean()],
  descriptors: [],
  quoteChannel: [request],
  openChannel: [v.looseObject({ nodeUri: text, announce: v.optional(v.boolean()) })],
  closeChannel: [text],
  forceCloseChannel: [text],
  channels: [],
  peers: [],
  connectPeer: [text],
  createInvoice: [request],
  decodeInvoice: [text],
  quotePayment: [request],
  pay: [request],
  quoteKeysend: [request],
  keysend: [request],
  payment: [text],
  payments: [v.number(), note],
  setLabel: [text, text],
  labels: [v.array(text)],
  backupInfo: [],
  backupNow: [],
  verifyBackup: [],
  releaseDevice: [],
  sync: [],
  settings: [],
  changeSettings: [request],
  logs: [],
  supportReport: []
};

/** Checks what a method is called with. Throws `invalid_argument`. */
export function checkForm(method: keyof WalletApi, parameters: unknown[]): void {
  if (FORMS[method].every((form, at) => v.is(form, parameters[at]))) return;
  throw new TernError('invalid_argument', `${method} was asked with something it does not take.`, 'Reload the wallet.');
}

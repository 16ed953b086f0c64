// Owns the English words of what ties the wallet to this device: its passkey, its storage; only screens that show them load them. Keys are stable.
import { speaker } from '../i18n.js';

/** Messages by key; `{names}` are parameters. */
export const deviceWords = {
  passkey_title: 'Passkey',
  passkey_unlock: 'Unlock with your passkey',
  passkey_body: 'Unlock with your fingerprint, your face or the PIN of this device. Your password goes on working.',
  passkey_kept: 'The passkey opens this wallet on this device alone. It does not replace your words.',
  passkey_add: 'Add a passkey',
  passkey_adding: 'Waiting for your device',
  passkey_on_title: 'Your passkey unlocks this wallet',
  passkey_remove: 'Remove the passkey',
  passkey_remove_hint: 'It stays with your device or password manager until you delete it there.',
  passkey_removed: 'No passkey unlocks this wallet any more',
  passkey_impossible: 'This browser or device has no passkeys that can keep a secret for a wallet.',

  storage_title: 'Storage',
  storage_kept: 'The browser keeps this wallet until you erase it.',
  storage_evictable:
    'The browser may delete this wallet when space runs out, or after a while without use. A private window deletes it when it closes.',
  storage_refused:
    'The browser would not promise to keep this wallet. Install Tern, or set up a backup, so that your words bring everything back.',
  storage_keep: 'Keep this wallet',
  storage_notice_title: 'The browser may delete this wallet',
  storage_notice_body: 'There is no backup, and your words alone do not bring back channels.'
} as const;

/** Says one of them. */
export const d = speaker(deviceWords, ({ device }) => device);

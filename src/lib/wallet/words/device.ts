// Owns the English words of what ties the wallet to this device: its passkey, storage and camera, its servers, its end; only screens that show them load them. Keys are stable.
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

  links_hint:
    'Some browsers then open “bitcoin:” links in Tern. None lets a web app have “lightning:” links: paste, scan or share those.',

  storage_title: 'Storage',
  storage_kept: 'The browser keeps this wallet until you erase it.',
  storage_evictable:
    'The browser may delete this wallet when space runs out, or after a while without use. A private window deletes it when it closes.',
  storage_refused:
    'The browser would not promise to keep this wallet. Install Tern, or set up a backup, so that your words bring everything back.',
  storage_keep: 'Keep this wallet',
  storage_notice_title: 'The browser may delete this wallet',
  storage_notice_body: 'There is no backup, and your words alone do not bring back channels.',

  scan_title: 'Scan a QR code',
  scan_body: 'Hold the code in front of your camera.',
  scan_starting: 'Starting the camera',
  scan_denied: 'The camera cannot be used. Allow it for this page in your browser, or paste the request.',
  scan_unreadable: 'What reads codes could not be loaded. Try again when you are online, or paste the request.',
  scan_video: 'Camera picture',

  servers_title: 'Network and servers',
  servers_network: 'Network',
  servers_network_hint: 'Chosen by the server you opened Tern from.',
  servers_esplora: 'Blockchain server',
  servers_esplora_hint: 'An Esplora address. It sees your addresses, never your keys.',
  servers_bridge: 'Lightning bridge',
  servers_bridge_hint: 'Connects the browser to Lightning nodes. It sees only encrypted data.',
  servers_gossip: 'Rapid gossip server (optional)',
  servers_gossip_hint: 'Tells the wallet the map of the Lightning network.',
  servers_insecure: 'Allow unencrypted servers',
  servers_insecure_hint: 'Others on your network could read and change what is sent. For a server of your own at home.',
  servers_save: 'Save servers',
  servers_saving: 'Saving',
  safe_title: 'On chain only',
  safe_body:
    'Your channels are not loaded. They stay on this device as they are, but nobody watches them meanwhile. Leave some coins to close them with.',
  safe_unsent_title: 'A payment is not with the network yet',
  safe_unsent_body:
    'Keep Tern open and unlocked until a blockchain server takes it. If Tern is closed or locks before, it forgets this payment and does not send it again.',
  safe_wipe: 'Your channels are not loaded: what is in them may be lost with this device.',
  safe_retry: 'Lock and try again',
  safe_help: 'Logs for support',
  wipe_title: 'Erase this wallet',
  wipe_body: 'Everything of this wallet is deleted from this device.',
  wipe_point_words: 'Your words alone bring back on-chain coins.',
  wipe_point_channels: 'Coins in open Lightning channels may be lost. Close your channels first.',
  wipe_understood: 'I have my words and accept the loss',
  wipe_submit: 'Erase wallet',
  wipe_wiping: 'Erasing'
} as const;

/** Says one of them. */
export const d = speaker(deviceWords, ({ device }) => device);

// Owns the English words of the backup's own screens and of the decisions at a start; only screens that show them load them. Keys are stable.
import { speaker } from '../i18n.js';

/** Messages by key; `{names}` are parameters. */
export const backupWords = {
  title: 'Backup',
  none_title: 'This wallet has no backup',
  none_body: 'If this device is lost, so is the money in its Lightning channels.',
  last: 'Last backup',
  waiting: 'Waiting',
  waiting_none: 'Nothing',
  waiting_one: '1 change, {size}, since {when}',
  waiting_some: '{count} changes, {size}, since {when}',
  stored: 'On the server',
  stored_value: '{count} entries, {size}',
  server: 'Server',
  device: 'This device',
  owner: 'Running on',
  owner_here: 'This device',
  commit: 'Commit',
  now: 'Back up now',
  now_busy: 'Backing up',
  now_done: 'Everything is on the server',
  verify: 'Verify my backup',
  verify_busy: 'Downloading and checking everything',
  verify_good: 'Your backup is whole',
  verify_good_body: '{count} entries, {size}, checked in {seconds} s. Nothing was changed.',

  mode: 'When a payment counts',
  mode_acknowledged: 'With its backup',
  mode_acknowledged_hint: 'The server must have every step first. While it is away, payments wait.',
  mode_local: 'At once',
  mode_local_hint: 'The backup follows. If this device is lost before it has, channel money can be lost.',
  mode_busy: 'Waiting for the server to have everything',

  server_form: 'Backup server',
  server_url: 'Address',
  server_hint: 'It stores sealed data and learns nothing. Leave it empty for no backup.',
  access: 'Access',
  access_signature: 'Your words',
  access_bearer: 'A token',
  access_none: 'Open to all',
  access_token: 'Access token',
  server_save: 'Save server',
  server_busy: 'Moving the backup there',
  off_title: 'Turn the backup off?',
  off_body: 'If this device is lost, so is the money in its Lightning channels.',
  off_confirm: 'Turn it off',

  release: 'Release this device',
  release_hint: 'To go on with this wallet on another device.',
  release_title: 'Release this device?',
  release_body: 'Everything is backed up, the wallet locks here, and another device can open it at once.',
  release_busy: 'Backing up and leaving',

  paused_title: 'Payments wait for the backup',
  paused_body: 'The backup server does not answer. Tern tries again by itself.',
  paused_deadline:
    'A payment on its way runs out in {count} blocks, about {when}. If the wallet still waits then, its channel closes at a cost.',
  go_on: 'Go on without waiting',
  go_on_body:
    'Payments count at once and the backup follows. If this device is lost before it has, channel money can be lost.',
  start_waits: 'Your wallet opens and payments go on when it answers.',
  quarantined_title: 'Nothing leaves this wallet yet',
  quarantined_body:
    'Its state may be old. It comes back to life when the peer of every channel has confirmed it; keep it open until then. If one of them is gone for good, lock the wallet: it can then be opened on chain only.',

  take_over: 'Take over here',
  take_over_title: 'Take over on this device?',
  take_over_body: 'The other device stops. What it has not backed up is lost.',
  use_backup: 'Use the backup',
  use_backup_title: 'Replace what is on this device?',
  use_backup_body: 'The backup becomes your wallet. What only this device has is deleted.',
  use_device: 'Use this device',
  use_device_title: 'Overwrite the backup?',
  use_device_body:
    'What only the backup has is lost. Nothing leaves the wallet until the peer of every channel has confirmed its state; a channel whose peer knows newer state closes.',
  start_anyway: 'Start anyway',
  start_anyway_title: 'Start with a doubtful backup?',
  start_anyway_body:
    'Payments and labels may be missing. Nothing leaves the wallet until the peer of every channel has confirmed its state; a channel whose peer knows newer state closes.',
  start_empty: 'Start empty',
  start_empty_title: 'Give up the backup?',
  start_empty_body:
    'It is overwritten with what is on this device. On a new device that is nothing: your words still find on-chain coins, but the money in Lightning channels is lost unless their peers close them.',
  safe_mode: 'Open on chain only',
  safe_mode_title: 'Open without your channels?',
  safe_mode_body:
    'On-chain coins can be received and sent; leave some to close your channels with. The channels stay stored as they are, but nobody watches them meanwhile. A payment made just before may not show.',
  understood: 'I accept this'
} as const;

/** Says one of them. */
export const b = speaker(backupWords, ({ backup }) => backup);

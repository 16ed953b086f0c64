// Owns what each error code means to a user in English: what happened and what to do. The compiler keeps it complete.
import type { ErrorCode } from '../../../wire/errors.js';

const again = 'Try again.';
const freshInvoice = 'Ask for a new invoice.';
const keepAndAsk = 'Do not erase anything. Send us the logs from the settings.';
const askOperator = 'Do not use it as it is. Ask whoever runs the backup server.';
const restart = 'Reload the page. If it stays, send us the logs from the settings.';

/** What a language says of each code: what happened, and what to do. */
export type ErrorWords = Record<ErrorCode, { title: string; next: string }>;

/** Title and next step by code. */
export const errorWords: ErrorWords = {
  invalid_mnemonic: {
    title: 'These are not valid recovery words.',
    next: 'Check the spelling and the order of each word.'
  },
  invalid_password: { title: 'This password cannot be used.', next: 'Use at least 8 characters.' },
  invalid_address: { title: 'This is not a valid Bitcoin address.', next: 'Copy the whole address again.' },
  invalid_amount: { title: 'This is not a valid amount.', next: 'Enter an amount above zero, such as 25,000 sat.' },
  invalid_invoice: {
    title: 'This is not a valid Lightning invoice.',
    next: 'Copy the whole invoice again, or ask for a new one.'
  },
  invalid_node_uri: { title: 'This is not a node address.', next: 'Enter it as nodeid@host:port.' },
  invalid_payment_uri: {
    title: 'Tern cannot read this payment.',
    next: 'Paste a Lightning invoice, a Bitcoin address or a payment link.'
  },
  invalid_url: { title: 'This server address does not work.', next: 'Check the address and your connection.' },
  insecure_url: {
    title: 'This server address is not encrypted.',
    next: 'Use https or wss, or allow unencrypted servers in the settings.'
  },
  invalid_argument: { title: 'Something entered here is not valid.', next: 'Check what you entered.' },
  wrong_network: {
    title: 'This belongs to another Bitcoin network.',
    next: 'Ask for a payment request on your network.'
  },
  invoice_expired: { title: 'This invoice has expired.', next: freshInvoice },
  invoice_already_paid: { title: 'You have already paid this invoice.', next: freshInvoice },
  payment_in_flight: {
    title: 'This payment is already on its way.',
    next: 'Wait for it to arrive. You find it in your activity.'
  },
  insufficient_balance: {
    title: 'You do not have enough for this and its fee.',
    next: 'Send less, or receive some first.'
  },
  cannot_speed_up: { title: 'This cannot be sped up.', next: 'Wait for a block.' },
  speeds_up_itself: { title: 'Tern raises this fee by itself.', next: 'Keep Tern open until it is in a block.' },
  amount_below_dust: { title: 'This amount is too small to send on chain.', next: 'Send more, or use Lightning.' },
  route_not_found: {
    title: 'No way to the receiver was found.',
    next: 'Try a smaller amount or again later, or ask for a Bitcoin address.'
  },
  payment_failed: {
    title: 'The payment did not go through.',
    next: 'Your money is still here. Try again, or ask for a new invoice.'
  },
  own_invoice: { title: 'This invoice is your own.', next: 'Paste someone else’s.' },
  channel_not_found: { title: 'This channel is not open any more.', next: 'Look at your list of channels.' },
  channel_open_failed: {
    title: 'The channel could not be opened.',
    next: 'Your coins are still here. Try another amount or node.'
  },
  channel_close_failed: { title: 'The channel could not be closed now.', next: 'Try again when its peer is online.' },
  peer_unreachable: { title: 'The node cannot be reached.', next: 'Check its address, or try again later.' },
  peer_refused: { title: 'The node refused the connection.', next: 'Check its address, or choose another node.' },
  bridge_unreachable: {
    title: 'The Lightning bridge cannot be reached.',
    next: 'Check your connection and the servers in the settings.'
  },
  bridge_refused: {
    title: 'The Lightning bridge refused to connect.',
    next: 'Check the node’s address and the servers in the settings.'
  },
  chain_unavailable: {
    title: 'The blockchain server cannot be reached.',
    next: 'Your money is safe. Tern tries again by itself; check your connection.'
  },
  chain_invalid_answer: {
    title: 'The blockchain server gave a wrong answer.',
    next: 'Check its address in the settings, or choose another.'
  },
  broadcast_rejected: {
    title: 'The network refused the transaction.',
    next: 'Nothing was sent. Try again with a higher fee.'
  },
  price_unavailable: {
    title: 'The price source cannot be reached.',
    next: 'Tern tries again by itself. Check its address, or choose another.'
  },
  price_invalid_answer: {
    title: 'The price source gave a wrong answer.',
    next: 'Check its address, or choose another.'
  },
  wallet_exists: { title: 'There is already a wallet in this browser.', next: 'Unlock it, or erase it first.' },
  wallet_missing: {
    title: 'There is no wallet in this browser.',
    next: 'Create one, or restore yours from its words.'
  },
  wallet_locked: { title: 'The wallet is locked.', next: 'Unlock it with your password.' },
  wrong_password: { title: 'This is not the password.', next: again },
  passkey_refused: {
    title: 'This passkey does not open the wallet.',
    next: 'Use your password, then add a passkey anew.'
  },
  passkey_unavailable: { title: 'The passkey did not answer.', next: 'Try again, or use your password.' },
  vault_downgraded: {
    title: 'The stored keys have been tampered with.',
    next: 'Restore the wallet from its words in a clean browser.'
  },
  vault_corrupt: { title: 'The stored keys cannot be read.', next: 'Restore the wallet from its words.' },
  running_elsewhere: { title: 'The wallet is running in another tab.', next: 'Use that tab, or switch to this one.' },
  storage_full: {
    title: 'This device is out of space.',
    next: 'Free some space. A wallet that is open then goes on by itself. What was refused, unlocking too, try again.'
  },
  storage_unavailable: {
    title: 'The browser does not let Tern store anything.',
    next: 'Leave private browsing, or allow storage for this site.'
  },
  storage_corrupt: { title: 'Stored data is damaged.', next: keepAndAsk },
  schema_too_new: {
    title: 'This wallet was used with a newer Tern.',
    next: 'Reload the page to get the newer version.'
  },
  state_unreadable: { title: 'The stored state cannot be read.', next: keepAndAsk },
  safe_mode: {
    title: 'The wallet runs on chain only.',
    next: 'Lock it and unlock it again to try with your channels.'
  },
  node_halted: { title: 'The wallet has stopped.', next: 'Reload the page. What was on its way is safe.' },
  backup_conflict: {
    title: 'This device and the backup differ.',
    next: 'Choose which of the two is your wallet.'
  },
  backup_missing_key: { title: 'The backup lacks an entry.', next: keepAndAsk },
  backup_invalid_request: { title: 'The backup server did not accept a request.', next: keepAndAsk },
  backup_unauthorized: {
    title: 'The backup server does not let you in.',
    next: 'Check its address and access in the settings.'
  },
  backup_clock_skew: { title: 'This device’s clock is wrong.', next: 'Set the time, then try again.' },
  backup_unavailable: { title: 'The backup server cannot be reached.', next: 'Tern tries again by itself.' },
  backup_deadline: { title: 'The backup server is too slow.', next: 'Tern tries again by itself.' },
  backup_bad_answer: { title: 'The backup server gave a wrong answer.', next: 'Check its address in the settings.' },
  backup_seal_broken: { title: 'The backup has been changed by someone else.', next: askOperator },
  backup_incomplete: { title: 'The backup is not complete.', next: askOperator },
  backup_stale: { title: 'The backup is older than it should be.', next: askOperator },
  backup_too_large: {
    title: 'A change is too large for the backup server.',
    next: 'Choose a server with a higher limit.'
  },
  backup_schema_too_new: {
    title: 'The backup was made by a newer Tern.',
    next: 'Reload the page to get the newer version.'
  },
  owned_elsewhere: { title: 'The wallet is running on another device.', next: 'Use that device, or take over here.' },
  taken_over: { title: 'Another device has taken over this wallet.', next: 'Use that device, or take it back here.' },
  payments_paused: {
    title: 'Payments wait for the backup server.',
    next: 'They go on when it is back. The backup settings let you go on without it.'
  },
  quarantined: {
    title: 'Waiting for the peers of your channels.',
    next: 'Payments go on when each of them has confirmed that the restored state is the newest.'
  },
  internal: { title: 'Something went wrong in Tern.', next: restart }
};

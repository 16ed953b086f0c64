// Owns the German words of what ties the wallet to this device: its passkey, its storage.
import type { Translated } from '../catalogue.js';
import type { deviceWords } from '../device.js';

/** Messages by the keys of the English ones. */
export const device: Translated<typeof deviceWords> = {
  passkey_title: 'Passkey',
  passkey_unlock: 'Mit Passkey entsperren',
  passkey_body: 'Entsperre mit Fingerabdruck, Gesicht oder der PIN dieses Geräts. Dein Passwort gilt weiter.',
  passkey_kept: 'Der Passkey öffnet diese Wallet nur auf diesem Gerät. Deine Wörter ersetzt er nicht.',
  passkey_add: 'Passkey hinzufügen',
  passkey_adding: 'Warten auf dein Gerät',
  passkey_on_title: 'Dein Passkey entsperrt diese Wallet',
  passkey_remove: 'Passkey entfernen',
  passkey_remove_hint: 'In deinem Gerät oder Passwortmanager bleibt er, bis du ihn dort löschst.',
  passkey_removed: 'Kein Passkey entsperrt diese Wallet mehr',
  passkey_impossible:
    'Dieser Browser oder dieses Gerät hat keine Passkeys, die für eine Wallet ein Geheimnis bewahren.',

  storage_title: 'Speicher',
  storage_kept: 'Der Browser behält diese Wallet, bis du sie löschst.',
  storage_evictable:
    'Der Browser darf diese Wallet löschen, wenn der Platz knapp wird oder sie lange nicht benutzt wird. Ein privates Fenster löscht sie beim Schließen.',
  storage_refused:
    'Der Browser wollte nicht versprechen, diese Wallet zu behalten. Installiere Tern oder richte eine Sicherung ein, damit deine Wörter alles zurückbringen.',
  storage_keep: 'Wallet behalten',
  storage_notice_title: 'Der Browser darf diese Wallet löschen',
  storage_notice_body: 'Es gibt keine Sicherung, und deine Wörter allein bringen keine Kanäle zurück.'
};

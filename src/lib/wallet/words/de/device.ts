// Owns the German words of what ties the wallet to this device: its passkey, storage and camera, its servers, its end.
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

  links_hint:
    'Manche Browser öffnen „bitcoin:“-Links dann in Tern. „lightning:“-Links gibt keiner an eine Web-App: Füge sie ein, scanne oder teile sie.',

  storage_title: 'Speicher',
  storage_kept: 'Der Browser behält diese Wallet, bis du sie löschst.',
  storage_evictable:
    'Der Browser darf diese Wallet löschen, wenn der Platz knapp wird oder sie lange nicht benutzt wird. Ein privates Fenster löscht sie beim Schließen.',
  storage_refused:
    'Der Browser wollte nicht versprechen, diese Wallet zu behalten. Installiere Tern oder richte eine Sicherung ein, damit deine Wörter alles zurückbringen.',
  storage_keep: 'Wallet behalten',
  storage_notice_title: 'Der Browser darf diese Wallet löschen',
  storage_notice_body: 'Es gibt keine Sicherung, und deine Wörter allein bringen keine Kanäle zurück.',

  scan_title: 'QR-Code scannen',
  scan_body: 'Halte den Code vor deine Kamera.',
  scan_starting: 'Die Kamera startet',
  scan_denied:
    'Die Kamera lässt sich nicht verwenden. Erlaube sie dieser Seite im Browser, oder füge die Anforderung ein.',
  scan_unreadable:
    'Was Codes liest, ließ sich nicht laden. Versuch es noch einmal, wenn du online bist, oder füge die Anforderung ein.',
  scan_video: 'Kamerabild',

  servers_title: 'Netzwerk und Server',
  servers_network: 'Netzwerk',
  servers_network_hint: 'Bestimmt der Server, von dem du Tern geöffnet hast.',
  servers_esplora: 'Blockchain-Server',
  servers_esplora_hint: 'Eine Esplora-Adresse. Er sieht deine Adressen, nie deine Schlüssel.',
  servers_bridge: 'Lightning-Brücke',
  servers_bridge_hint: 'Verbindet den Browser mit Lightning-Knoten. Sie sieht nur verschlüsselte Daten.',
  servers_gossip: 'Rapid-Gossip-Server (freiwillig)',
  servers_gossip_hint: 'Gibt der Wallet die Karte des Lightning-Netzwerks.',
  servers_insecure: 'Unverschlüsselte Server erlauben',
  servers_insecure_hint:
    'Andere in deinem Netzwerk könnten lesen und ändern, was gesendet wird. Für einen eigenen Server zu Hause.',
  servers_save: 'Server speichern',
  servers_saving: 'Wird gespeichert',
  safe_title: 'Nur on-chain',
  safe_body:
    'Deine Kanäle sind nicht geladen. Sie bleiben auf diesem Gerät, wie sie sind, aber solange wacht niemand über sie. Lass einige Coins übrig, um sie zu schließen.',
  safe_unsent_title: 'Eine Zahlung ist noch nicht im Netzwerk',
  safe_unsent_body:
    'Lass Tern offen und entsperrt, bis ein Blockchain-Server sie annimmt. Wird Tern vorher geschlossen oder gesperrt, vergisst es diese Zahlung und sendet sie nicht mehr.',
  safe_wipe: 'Deine Kanäle sind nicht geladen: Was in ihnen ist, kann mit diesem Gerät verloren gehen.',
  safe_retry: 'Sperren und neu versuchen',
  safe_help: 'Protokoll für den Support',
  wipe_title: 'Diese Wallet löschen',
  wipe_body: 'Alles, was zu dieser Wallet gehört, wird von diesem Gerät gelöscht.',
  wipe_point_words: 'Deine Wörter allein bringen On-Chain-Coins zurück.',
  wipe_point_channels: 'Coins in offenen Lightning-Kanälen können verloren gehen. Schließ zuerst deine Kanäle.',
  wipe_understood: 'Ich habe meine Wörter und nehme den Verlust in Kauf',
  wipe_submit: 'Wallet löschen',
  wipe_wiping: 'Wird gelöscht'
};

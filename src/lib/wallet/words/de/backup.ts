// Owns the German words of the backup's own screens and of the decisions at a start.
import type { Translated } from '../catalogue.js';
import type { backupWords } from '../backup.js';

/** Messages by the keys of the English ones. */
export const backup: Translated<typeof backupWords> = {
  title: 'Sicherung',
  none_title: 'Diese Wallet hat keine Sicherung',
  none_body: 'Geht dieses Gerät verloren, dann auch das Geld in seinen Lightning-Kanälen.',
  last: 'Letzte Sicherung',
  waiting: 'Wartet',
  waiting_none: 'Nichts',
  waiting_one: '1 Änderung, {size}, seit {when}',
  waiting_some: '{count} Änderungen, {size}, seit {when}',
  stored: 'Auf dem Server',
  stored_value: '{count} Einträge, {size}',
  server: 'Server',
  device: 'Dieses Gerät',
  owner: 'Läuft auf',
  owner_here: 'Diesem Gerät',
  commit: 'Stand Nr.',
  now: 'Jetzt sichern',
  now_busy: 'Wird gesichert',
  now_done: 'Alles ist auf dem Server',
  verify: 'Sicherung prüfen',
  verify_busy: 'Alles wird geladen und geprüft',
  verify_good: 'Deine Sicherung ist vollständig',
  verify_good_body: '{count} Einträge, {size}, geprüft in {seconds} s. Nichts wurde verändert.',

  mode: 'Wann eine Zahlung gilt',
  mode_acknowledged: 'Mit ihrer Sicherung',
  mode_acknowledged_hint: 'Der Server muss jeden Schritt zuerst haben. Ist er fort, warten Zahlungen.',
  mode_local: 'Sofort',
  mode_local_hint: 'Die Sicherung folgt. Geht dieses Gerät vorher verloren, kann Geld aus Kanälen verloren gehen.',
  mode_busy: 'Warten, bis der Server alles hat',

  server_form: 'Sicherungsserver',
  server_url: 'Adresse',
  server_hint: 'Er bewahrt versiegelte Daten auf und erfährt nichts. Leer bedeutet: keine Sicherung.',
  access: 'Zugang',
  access_signature: 'Schlüssel aus deinen Wörtern',
  access_bearer: 'Token',
  access_none: 'Offen für alle',
  access_token: 'Zugangstoken',
  server_save: 'Server speichern',
  server_busy: 'Die Sicherung zieht dorthin um',
  off_title: 'Sicherung ausschalten?',
  off_body: 'Geht dieses Gerät verloren, dann auch das Geld in seinen Lightning-Kanälen.',
  off_confirm: 'Ausschalten',

  release: 'Dieses Gerät freigeben',
  release_hint: 'Um mit dieser Wallet auf einem anderen Gerät weiterzumachen.',
  release_title: 'Dieses Gerät freigeben?',
  release_body: 'Alles wird gesichert, die Wallet wird hier gesperrt, und ein anderes Gerät kann sie sofort öffnen.',
  release_busy: 'Sichern und freigeben',

  paused_title: 'Zahlungen warten auf die Sicherung',
  paused_body: 'Der Sicherungsserver antwortet nicht. Tern versucht es von selbst weiter.',
  paused_deadline:
    'Eine Zahlung unterwegs läuft in {count} Blöcken ab, etwa {when}. Wartet die Wallet dann noch, schließt ihr Kanal, und das kostet.',
  go_on: 'Weitermachen, ohne zu warten',
  go_on_body:
    'Zahlungen gelten sofort, und die Sicherung folgt. Geht dieses Gerät vorher verloren, kann Geld aus Kanälen verloren gehen.',
  start_waits: 'Deine Wallet öffnet sich und zahlt weiter, sobald er antwortet.',
  quarantined_title: 'Noch verlässt nichts diese Wallet',
  quarantined_body:
    'Ihr Stand ist vielleicht alt. Sie geht weiter, sobald jeder Kanalpartner ihn bestätigt hat; lass sie bis dahin offen. Ist einer für immer weg, dann sperre sie: Sie lässt sich danach nur on-chain öffnen.',

  take_over: 'Hier übernehmen',
  take_over_title: 'Auf diesem Gerät übernehmen?',
  take_over_body: 'Das andere Gerät hält an. Was es nicht gesichert hat, ist verloren.',
  use_backup: 'Die Sicherung verwenden',
  use_backup_title: 'Ersetzen, was auf diesem Gerät ist?',
  use_backup_body: 'Die Sicherung wird zu deiner Wallet. Was nur dieses Gerät hat, wird gelöscht.',
  use_device: 'Dieses Gerät verwenden',
  use_device_title: 'Die Sicherung überschreiben?',
  use_device_body:
    'Was nur die Sicherung hat, ist verloren. Nichts verlässt die Wallet, bis jeder Kanalpartner ihren Stand bestätigt hat; ein Kanal, dessen Partner einen neueren Stand kennt, schließt.',
  start_anyway: 'Trotzdem starten',
  start_anyway_title: 'Mit einer zweifelhaften Sicherung starten?',
  start_anyway_body:
    'Zahlungen und Bezeichnungen können fehlen. Nichts verlässt die Wallet, bis jeder Kanalpartner ihren Stand bestätigt hat; ein Kanal, dessen Partner einen neueren Stand kennt, schließt.',
  start_empty: 'Leer starten',
  start_empty_title: 'Die Sicherung aufgeben?',
  start_empty_body:
    'Sie wird mit dem überschrieben, was auf diesem Gerät ist. Auf einem neuen Gerät ist das nichts: Deine Wörter finden On-Chain-Coins noch, aber das Geld in Lightning-Kanälen ist verloren, wenn deren Partner sie nicht schließen.',
  safe_mode: 'Nur on-chain öffnen',
  safe_mode_title: 'Ohne deine Kanäle öffnen?',
  safe_mode_body:
    'On-Chain-Coins können empfangen und gesendet werden; lass welche übrig, um deine Kanäle zu schließen. Die Kanäle bleiben gespeichert, wie sie sind, aber solange wacht niemand über sie. Eine Zahlung von eben erscheint vielleicht nicht.',
  understood: 'Ich nehme das in Kauf'
};

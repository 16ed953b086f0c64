// Owns what each error code means to a user in German: what happened and what to do.
import type { ErrorWords } from '../errors.js';

const again = 'Versuch es noch einmal.';
const freshInvoice = 'Bitte um eine neue Rechnung.';
const keepAndAsk = 'Lösche nichts. Schick uns das Protokoll aus den Einstellungen.';
const askOperator = 'Verwende sie nicht so, wie sie ist. Frag, wer den Sicherungsserver betreibt.';
const restart = 'Lade die Seite neu. Bleibt es so, schick uns das Protokoll aus den Einstellungen.';

/** Title and next step by code. */
export const errors: ErrorWords = {
  invalid_mnemonic: {
    title: 'Das sind keine gültigen Wiederherstellungswörter.',
    next: 'Prüf Schreibweise und Reihenfolge jedes Wortes.'
  },
  invalid_password: { title: 'Dieses Passwort geht nicht.', next: 'Nimm mindestens 8 Zeichen.' },
  invalid_address: { title: 'Das ist keine gültige Bitcoin-Adresse.', next: 'Kopiere noch einmal die ganze Adresse.' },
  invalid_amount: {
    title: 'Das ist kein gültiger Betrag.',
    next: 'Gib einen Betrag über null ein, etwa 25 000 sat.'
  },
  invalid_invoice: {
    title: 'Das ist keine gültige Lightning-Rechnung.',
    next: 'Kopiere noch einmal die ganze Rechnung, oder bitte um eine neue.'
  },
  invalid_node_uri: { title: 'Das ist keine Knotenadresse.', next: 'Gib sie als nodeid@host:port ein.' },
  invalid_payment_uri: {
    title: 'Tern kann diese Zahlung nicht lesen.',
    next: 'Füge eine Lightning-Rechnung, eine Bitcoin-Adresse oder einen Zahlungslink ein.'
  },
  invalid_url: { title: 'Diese Serveradresse geht nicht.', next: 'Prüf die Adresse und deine Verbindung.' },
  insecure_url: {
    title: 'Diese Serveradresse ist nicht verschlüsselt.',
    next: 'Nimm https oder wss, oder erlaube unverschlüsselte Server in den Einstellungen.'
  },
  invalid_argument: { title: 'Eine Eingabe ist nicht gültig.', next: 'Prüf, was du eingegeben hast.' },
  wrong_network: {
    title: 'Das gehört zu einem anderen Bitcoin-Netzwerk.',
    next: 'Bitte um eine Zahlungsanforderung in deinem Netzwerk.'
  },
  invoice_expired: { title: 'Diese Rechnung ist abgelaufen.', next: freshInvoice },
  invoice_already_paid: { title: 'Du hast diese Rechnung schon bezahlt.', next: freshInvoice },
  payment_in_flight: {
    title: 'Diese Zahlung ist schon unterwegs.',
    next: 'Warte, bis sie ankommt. Du findest sie in deinem Verlauf.'
  },
  insufficient_balance: {
    title: 'Du hast nicht genug für Betrag und Gebühr.',
    next: 'Sende weniger, oder empfange zuerst etwas.'
  },
  cannot_speed_up: { title: 'Das lässt sich nicht beschleunigen.', next: 'Warte auf einen Block.' },
  speeds_up_itself: {
    title: 'Tern erhöht diese Gebühr von selbst.',
    next: 'Lass Tern offen, bis die Transaktion in einem Block steht.'
  },
  amount_below_dust: {
    title: 'Dieser Betrag ist zu klein, um ihn on-chain zu senden.',
    next: 'Sende mehr, oder nimm Lightning.'
  },
  route_not_found: {
    title: 'Kein Weg zum Empfänger wurde gefunden.',
    next: 'Versuch es mit weniger oder später, oder bitte um eine Bitcoin-Adresse.'
  },
  payment_failed: {
    title: 'Die Zahlung ist nicht durchgekommen.',
    next: 'Dein Geld ist noch da. Versuch es noch einmal, oder bitte um eine neue Rechnung.'
  },
  own_invoice: { title: 'Das ist deine eigene Rechnung.', next: 'Füge die von jemand anderem ein.' },
  channel_not_found: { title: 'Dieser Kanal ist nicht mehr offen.', next: 'Sieh in die Liste deiner Kanäle.' },
  channel_open_failed: {
    title: 'Der Kanal konnte nicht geöffnet werden.',
    next: 'Deine Coins sind noch da. Versuch es mit einem anderen Betrag oder Knoten.'
  },
  channel_close_failed: {
    title: 'Der Kanal konnte jetzt nicht geschlossen werden.',
    next: 'Versuch es, wenn sein Partner online ist.'
  },
  peer_unreachable: {
    title: 'Der Knoten ist nicht erreichbar.',
    next: 'Prüf seine Adresse, oder versuch es später.'
  },
  peer_refused: {
    title: 'Der Knoten hat die Verbindung abgelehnt.',
    next: 'Prüf seine Adresse, oder wähle einen anderen Knoten.'
  },
  bridge_unreachable: {
    title: 'Die Lightning-Brücke ist nicht erreichbar.',
    next: 'Prüf deine Verbindung und die Server in den Einstellungen.'
  },
  bridge_refused: {
    title: 'Die Lightning-Brücke hat die Verbindung abgelehnt.',
    next: 'Prüf die Adresse des Knotens und die Server in den Einstellungen.'
  },
  chain_unavailable: {
    title: 'Der Blockchain-Server ist nicht erreichbar.',
    next: 'Dein Geld ist sicher. Tern versucht es von selbst weiter; prüf deine Verbindung.'
  },
  chain_invalid_answer: {
    title: 'Der Blockchain-Server hat falsch geantwortet.',
    next: 'Prüf seine Adresse in den Einstellungen, oder wähle einen anderen.'
  },
  broadcast_rejected: {
    title: 'Das Netzwerk hat die Transaktion abgelehnt.',
    next: 'Nichts wurde gesendet. Versuch es mit einer höheren Gebühr.'
  },
  price_unavailable: {
    title: 'Die Preisquelle ist nicht erreichbar.',
    next: 'Tern versucht es von selbst weiter. Prüf ihre Adresse, oder wähle eine andere.'
  },
  price_invalid_answer: {
    title: 'Die Preisquelle hat falsch geantwortet.',
    next: 'Prüf ihre Adresse, oder wähle eine andere.'
  },
  wallet_exists: {
    title: 'In diesem Browser ist schon eine Wallet.',
    next: 'Entsperre sie, oder lösche sie zuerst.'
  },
  wallet_missing: {
    title: 'In diesem Browser ist keine Wallet.',
    next: 'Leg eine an, oder stelle deine mit ihren Wörtern wieder her.'
  },
  wallet_locked: { title: 'Die Wallet ist gesperrt.', next: 'Entsperre sie mit deinem Passwort.' },
  wrong_password: { title: 'Das ist nicht das Passwort.', next: again },
  passkey_refused: {
    title: 'Dieser Passkey öffnet die Wallet nicht.',
    next: 'Nimm dein Passwort und füge dann einen neuen Passkey hinzu.'
  },
  passkey_unavailable: {
    title: 'Der Passkey hat nicht geantwortet.',
    next: 'Versuch es noch einmal oder nimm dein Passwort.'
  },
  vault_downgraded: {
    title: 'Die gespeicherten Schlüssel wurden manipuliert.',
    next: 'Stelle die Wallet in einem sauberen Browser mit ihren Wörtern wieder her.'
  },
  vault_corrupt: {
    title: 'Die gespeicherten Schlüssel sind nicht lesbar.',
    next: 'Stelle die Wallet mit ihren Wörtern wieder her.'
  },
  running_elsewhere: {
    title: 'Die Wallet läuft in einem anderen Tab.',
    next: 'Nimm jenen Tab, oder wechsle zu diesem.'
  },
  storage_full: {
    title: 'Auf diesem Gerät ist kein Platz mehr.',
    next: 'Schaffe Platz. Eine offene Wallet macht dann von selbst weiter. Was abgelehnt wurde, auch das Entsperren, versuch noch einmal.'
  },
  storage_unavailable: {
    title: 'Der Browser lässt Tern nichts speichern.',
    next: 'Verlass den privaten Modus, oder erlaube dieser Seite das Speichern.'
  },
  storage_corrupt: { title: 'Gespeicherte Daten sind beschädigt.', next: keepAndAsk },
  schema_too_new: {
    title: 'Diese Wallet wurde mit einem neueren Tern benutzt.',
    next: 'Lade die Seite neu, um die neuere Version zu bekommen.'
  },
  state_unreadable: { title: 'Der gespeicherte Stand ist nicht lesbar.', next: keepAndAsk },
  safe_mode: {
    title: 'Die Wallet läuft nur on-chain.',
    next: 'Sperre sie und entsperre sie wieder, um es mit deinen Kanälen zu versuchen.'
  },
  node_halted: {
    title: 'Die Wallet hat angehalten.',
    next: 'Lade die Seite neu. Was unterwegs war, ist gesichert.'
  },
  backup_conflict: {
    title: 'Dieses Gerät und die Sicherung sind verschieden.',
    next: 'Wähle, was von beidem deine Wallet ist.'
  },
  backup_missing_key: { title: 'In der Sicherung fehlt ein Eintrag.', next: keepAndAsk },
  backup_invalid_request: { title: 'Der Sicherungsserver hat eine Anfrage nicht angenommen.', next: keepAndAsk },
  backup_unauthorized: {
    title: 'Der Sicherungsserver lässt dich nicht ein.',
    next: 'Prüf seine Adresse und den Zugang in den Einstellungen.'
  },
  backup_clock_skew: {
    title: 'Die Uhr dieses Geräts geht falsch.',
    next: 'Stell die Zeit ein, und versuch es dann noch einmal.'
  },
  backup_unavailable: {
    title: 'Der Sicherungsserver ist nicht erreichbar.',
    next: 'Tern versucht es von selbst weiter.'
  },
  backup_deadline: { title: 'Der Sicherungsserver ist zu langsam.', next: 'Tern versucht es von selbst weiter.' },
  backup_bad_answer: {
    title: 'Der Sicherungsserver hat falsch geantwortet.',
    next: 'Prüf seine Adresse in den Einstellungen.'
  },
  backup_seal_broken: { title: 'Die Sicherung wurde von jemand anderem verändert.', next: askOperator },
  backup_incomplete: { title: 'Die Sicherung ist nicht vollständig.', next: askOperator },
  backup_stale: { title: 'Die Sicherung ist älter, als sie sein sollte.', next: askOperator },
  backup_too_large: {
    title: 'Eine Änderung ist zu groß für den Sicherungsserver.',
    next: 'Wähle einen Server mit einer höheren Grenze.'
  },
  backup_schema_too_new: {
    title: 'Die Sicherung stammt von einem neueren Tern.',
    next: 'Lade die Seite neu, um die neuere Version zu bekommen.'
  },
  owned_elsewhere: {
    title: 'Die Wallet läuft auf einem anderen Gerät.',
    next: 'Nimm jenes Gerät, oder übernimm hier.'
  },
  taken_over: {
    title: 'Ein anderes Gerät hat diese Wallet übernommen.',
    next: 'Nimm jenes Gerät, oder hol sie hierher zurück.'
  },
  payments_paused: {
    title: 'Zahlungen warten auf den Sicherungsserver.',
    next: 'Sie gehen weiter, sobald er zurück ist. In den Einstellungen der Sicherung kannst du ohne ihn weitermachen.'
  },
  quarantined: {
    title: 'Warten auf deine Kanalpartner.',
    next: 'Zahlungen gehen weiter, sobald jeder von ihnen bestätigt hat, dass der wiederhergestellte Stand der neueste ist.'
  },
  internal: { title: 'In Tern ist etwas schiefgegangen.', next: restart }
};

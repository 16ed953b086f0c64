// Owns the German words of money that cannot be spent now: why, and until when.
import type { Translated } from '../catalogue.js';
import type { waitingWords } from '../waiting.js';

/** Messages by the keys of the English ones. */
export const waiting: Translated<typeof waitingWords> = {
  title: 'Geld, das wartet',
  body: 'Alles davon gehört dir. Hier steht, warum es noch nicht ausgegeben werden kann und wann doch. Ein Block dauert ungefähr zehn Minuten: Die Zeiten sind Schätzungen.',
  list: 'Was wartet',
  nothing_title: 'Nichts wartet',
  nothing_body: 'Alles, was du hast, kann jetzt ausgegeben werden.',
  see: 'Warum und bis wann',

  what_coins: 'Coins unterwegs',
  why_coins: 'Sie wurden gesehen und warten auf ihren ersten Block.',
  when_coins:
    'Etwa {when}; später, wenn die Gebühr niedrig ist. Im Verlauf lässt es sich beschleunigen, wenn Tern das nicht von selbst tut.',
  what_opening: 'Kanal mit {peer}',
  why_opening: 'Der Partner wird gefragt, ob er ihn öffnet.',
  when_opening: 'Sobald der Partner geantwortet hat',
  what_confirming: 'Kanal mit {peer}',
  why_confirming: 'Seine Öffnung hat {count} von {required} Bestätigungen.',
  when_confirming: 'Etwa {when}',
  what_agreeing: 'Kanal mit {peer}',
  why_agreeing:
    'Er wird geschlossen: Beide Seiten einigen sich, wer was bekommt, sobald keine Zahlung mehr in ihm unterwegs ist.',
  when_agreeing: 'Gleich, wenn der Partner online ist',
  what_closed: 'Zurück aus einem geschlossenen Kanal',
  why_closed_unconfirmed:
    'Die Transaktion, die den Kanal schließt, wartet auf ihren ersten Block. Hast du die Schließung erzwungen, erhöht Tern ihre Gebühr von selbst, solange es offen ist; danach folgt eine Frist, die der Partner gesetzt hat.',
  why_closed_awaited:
    'Der Partner hat bewiesen, dass er einen neueren Stand dieses Kanals hat als diese Wallet. Nur seine Schließung ist sicher; sie zahlt dir deinen Teil.',
  why_closed_confirming:
    'Die Schließung steht in einem Block. Einige weitere folgen, damit nichts sie rückgängig macht.',
  why_closed_delayed: 'Du hast die Schließung erzwungen: Erst muss die Frist vergehen, die der Partner gesetzt hat.',
  why_closed_htlc:
    'Eine Zahlung war unterwegs, als der Kanal geschlossen wurde. Ihr Teil wird auf der Blockchain geholt, gegen eine höhere Gebühr, wenn die Gebühren steigen. Lass Tern bis dahin offen.',
  why_closed_revoked:
    'Der Partner hat einen alten Stand veröffentlicht. Alles im Kanal wird für dich geholt, gegen eine höhere Gebühr, wenn die Gebühren steigen. Lass Tern bis dahin offen.',
  why_closed_sweeping:
    'Das Warten ist vorbei: Eine Transaktion bringt es zu deinen Coins, gegen eine höhere Gebühr, wenn die Gebühren steigen.',
  why_closed_held:
    'Nichts wird gesendet, bis jeder Partner bestätigt hat, dass der Stand dieser Wallet der neueste ist.',
  when_closed_held: 'Sobald die Partner verbunden waren',
  when_closed_unconfirmed: 'Der erste Block etwa {when}; dann steht die übrige Wartezeit fest',
  when_closed_awaited: 'Sobald der Partner den Kanal geschlossen hat; er wurde darum gebeten',
  when_closed: 'Etwa {when}',
  when_closed_next: 'Sobald die Transaktion dafür in einem Block steht',

  what_offline: 'Kanal mit {peer}',
  why_offline: 'Der Partner ist offline.',
  when_offline: 'Sobald der Partner zurück ist. Bleibt er weg, kannst du den Kanal schließen.',
  when_offline_held: 'Sobald der Partner zurück ist und den Stand bestätigt hat',
  what_frozen: 'Eingefrorene Coins',
  why_frozen: 'Du hast sie eingefroren.',
  when_frozen: 'Sobald du sie freigibst',
  what_anchors: 'Aufbewahrt, um Kanäle sicher zu schließen',
  why_anchors: 'Es zahlt die Gebühr, falls ein Kanal ohne seinen Partner geschlossen werden muss.',
  when_anchors: 'Bis die Kanäle geschlossen sind',
  what_reserves: 'In Kanälen zurückgehalten',
  why_reserves:
    'Jede Seite lässt eine Reserve im Kanal, damit sie beim Betrügen etwas zu verlieren hat, und die Gebühr der Schließung. Manche Partner nehmen auf einmal nur einen Teil an.',
  when_reserves: 'Reserven, bis die Kanäle geschlossen sind; der Rest, sobald kleinere Zahlungen durch sind',

  on_the_way: 'Zahlungen unterwegs',
  on_the_way_why: 'Sie haben dein Guthaben verlassen. Jede kommt an, oder ihr Geld kommt zurück.',
  on_the_way_when: 'In der Regel gleich. Die erste läuft etwa {when} ab.',
  on_the_way_soon: 'In der Regel gleich'
};

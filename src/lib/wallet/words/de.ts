// Owns the German catalogue; loaded only by those who read German.
import type { Catalogue } from './catalogue.js';
import { backup } from './de/backup.js';
import { channel } from './de/channel.js';
import { coins } from './de/coins.js';
import { device } from './de/device.js';
import { errors } from './de/errors.js';
import { manage } from './de/manage.js';
import { money } from './de/money.js';
import { price } from './de/price.js';
import { setup } from './de/setup.js';
import { waiting } from './de/waiting.js';

/** All that Tern says, in German. */
export const catalogue: Catalogue = {
  thousandsSeparator: '\u202f',
  words: { ...setup, ...money, ...manage },
  backup,
  channel,
  coins,
  device,
  price,
  waiting,
  errors
};

// Proves that a crash before and after every request to the backup server loses nothing on another device.
import { proveCrashes } from './crashes.js';

proveCrashes([
  { when: 'before', every: 'request', goesOn: 'elsewhere' },
  { when: 'after', every: 'request', goesOn: 'elsewhere' }
]);

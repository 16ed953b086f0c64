// Proves that a crash before and after every commit loses nothing on another device, from the words and the backup server alone.
import { proveCrashes } from './crashes.js';

proveCrashes([
  { when: 'before', every: 'commit', goesOn: 'elsewhere' },
  { when: 'after', every: 'commit', goesOn: 'elsewhere' }
]);

// Proves that a crash before and after every commit loses nothing on the disk it leaves behind.
import { proveCrashes } from './crashes.js';

proveCrashes([
  { when: 'before', every: 'commit', goesOn: 'on its disk' },
  { when: 'after', every: 'commit', goesOn: 'on its disk' }
]);

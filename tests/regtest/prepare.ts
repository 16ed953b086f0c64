// Owns the command that fills the cache of node binaries ahead of time: `tsx tests/regtest/prepare.ts [btcd] [lnd]`.
import { obtainBtcd, obtainLnd } from './binaries.js';

const wanted = process.argv.slice(2);
if (wanted.length === 0 || wanted.includes('btcd')) console.log(await obtainBtcd());
if (wanted.length === 0 || wanted.includes('lnd')) console.log(await obtainLnd());

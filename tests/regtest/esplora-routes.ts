// Owns which path of Esplora's API gives what; an answer comes whole from the snapshot as it stands when the route is called.
import { hex } from '@scure/base';
import { TernError } from '../../src/wire/errors.js';
import {
  blockForm,
  mempoolForm,
  outspendForm,
  recentForm,
  scriptStatsForm,
  statusForm,
  transactionForm,
  unspentForm
} from './esplora-forms.js';
import type { HttpAnswer } from './http-service.js';
import type { IndexedTransaction } from './indexed-transaction.js';
import { merkleBlock, merkleBranch } from './merkle.js';
import type { NodeRpc } from './rpc.js';
import { scriptHashOf, scriptOfAddress } from './script-forms.js';
import type { IndexedBlock, Snapshot } from './snapshot.js';

/** Sizes of Esplora's pages. */
const blocksPerPage = 10;
const transactionsPerPage = 25;
const waitingPerPage = 50;

/** What the answers are made from: a running node's chain, or the simulated one. */
export interface ChainSource {
  readonly index: { readonly snapshot: Snapshot };
  readonly rpc: Pick<NodeRpc, 'call'>;
}

type Parameters = Record<string, string>;
type Route = (snapshot: Snapshot, parameters: Parameters, chain: ChainSource) => unknown;

/** What is not there: answered as 404 with this text. */
class NotFound extends TernError {
  constructor(text: string) {
    super('invalid_argument', text, 'Ask for something that exists.');
  }
}

const routes: [pattern: string, route: Route][] = [
  ['/blocks/tip/height', (snapshot) => String(snapshot.tip?.height)],
  ['/blocks/tip/hash', (snapshot) => snapshot.tip?.hash],
  ['/blocks', (snapshot) => blockPage(snapshot, snapshot.blocks.length - 1)],
  ['/blocks/:height', (snapshot, { height }) => blockPage(snapshot, Number(height))],
  ['/block-height/:height', (snapshot, { height }) => snapshot.blocks[Number(height)]?.hash],
  ['/block/:hash', (snapshot, { hash }) => blockForm(blockOf(snapshot, hash))],
  ['/block/:hash/status', (snapshot, { hash }) => blockStatus(snapshot, hash)],
  ['/block/:hash/header', (_, { hash }, { rpc }) => rpc.call<string>('getblockheader', hash, false)],
  ['/block/:hash/raw', async (_, { hash }, { rpc }) => hex.decode(await rpc.call<string>('getblock', hash, 0))],
  ['/block/:hash/txids', (snapshot, { hash }) => blockOf(snapshot, hash).txids],
  ['/block/:hash/txid/:index', (snapshot, { hash, index }) => blockOf(snapshot, hash).txids[Number(index)]],
  ['/block/:hash/txs', (snapshot, { hash }) => blockTransactions(snapshot, hash, 0)],
  ['/block/:hash/txs/:start', (snapshot, { hash, start }) => blockTransactions(snapshot, hash, Number(start))],
  ['/tx/:txid', (snapshot, { txid }) => transactionForm(transactionOf(snapshot, txid))],
  ['/tx/:txid/status', (snapshot, { txid }) => statusForm(snapshot.transaction(txid ?? '')?.confirmation)],
  ['/tx/:txid/hex', (snapshot, { txid }) => transactionOf(snapshot, txid).hex],
  ['/tx/:txid/raw', (snapshot, { txid }) => hex.decode(transactionOf(snapshot, txid).hex)],
  ['/tx/:txid/merkle-proof', (snapshot, { txid }) => merkleProof(snapshot, transactionOf(snapshot, txid))],
  ['/tx/:txid/merkleblock-proof', (snapshot, { txid }, chain) => merkleBlockProof(snapshot, txid, chain)],
  ['/tx/:txid/outspend/:vout', (snapshot, { txid = '', vout }) => outspendForm(snapshot, txid, Number(vout))],
  ['/tx/:txid/outspends', (snapshot, { txid }) => outspends(snapshot, transactionOf(snapshot, txid))],
  ['/mempool', (snapshot) => mempoolForm(snapshot)],
  ['/mempool/txids', (snapshot) => snapshot.mempoolTxids],
  ['/mempool/recent', (snapshot) => recentForm(snapshot)],
  ...scriptRoutes()
];

const compiledRoutes = routes.map(([pattern, route]) => ({
  expression: new RegExp(`^${pattern.replace(/:(\w+)/g, '(?<$1>[0-9a-zA-Z]+)')}$`),
  route
}));

/** Answers a GET from the chain's snapshot, which the caller has just brought up to date. */
export async function answerGet(path: string, chain: ChainSource): Promise<HttpAnswer> {
  for (const { expression, route } of compiledRoutes) {
    const match = expression.exec(path);
    if (!match) continue;
    try {
      const body = await route(chain.index.snapshot, { ...match.groups }, chain);
      if (body !== undefined) return { status: 200, body };
      return { status: 404, body: 'Not found' };
    } catch (error) {
      if (error instanceof NotFound) return { status: 404, body: error.cause };
      throw error;
    }
  }
  return { status: 404, body: `endpoint does not exist: ${path}` };
}

function scriptRoutes(): [string, Route][] {
  const byScript = (path: string, give: (snapshot: Snapshot, scriptHash: string, rest: Parameters) => unknown) => {
    const byHash: Route = (snapshot, { hash = '', ...rest }) => give(snapshot, hash.toLowerCase(), rest);
    const byAddress: Route = (snapshot, { address = '', ...rest }) =>
      give(snapshot, scriptHashOf(scriptOfAddress(address)), { address, ...rest });
    return [
      [`/scripthash/:hash${path}`, byHash],
      [`/address/:address${path}`, byAddress]
    ] satisfies [string, Route][];
  };
  return [
    ...byScript('', (snapshot, scripthash, { address }) => {
      const name = address === undefined ? { scripthash } : { address };
      return { ...name, ...scriptStatsForm(snapshot, scripthash) };
    }),
    ...byScript('/txs', (snapshot, scriptHash) => [
      ...snapshot.mempoolHistory(scriptHash).slice(0, waitingPerPage).map(transactionForm),
      ...confirmedPage(snapshot, scriptHash)
    ]),
    ...byScript('/txs/chain', (snapshot, scriptHash) => confirmedPage(snapshot, scriptHash)),
    ...byScript('/txs/chain/:last', (snapshot, scriptHash, { last }) => confirmedPage(snapshot, scriptHash, last)),
    ...byScript('/txs/mempool', (snapshot, scriptHash) =>
      snapshot.mempoolHistory(scriptHash).slice(0, waitingPerPage).map(transactionForm)
    ),
    ...byScript('/utxo', (snapshot, scriptHash) => unspentForm(snapshot, scriptHash))
  ];
}

function blockPage(snapshot: Snapshot, highest: number): object[] {
  if (!snapshot.blocks[highest]) throw new NotFound('Block not found');
  const first = Math.max(0, highest - blocksPerPage + 1);
  return snapshot.blocks
    .slice(first, highest + 1)
    .reverse()
    .map(blockForm);
}

function blockOf(snapshot: Snapshot, hash = ''): IndexedBlock {
  const block = snapshot.block(hash);
  if (!block) throw new NotFound('Block not found');
  return block;
}

function transactionOf(snapshot: Snapshot, txid = ''): IndexedTransaction {
  const transaction = snapshot.transaction(txid);
  if (!transaction) throw new NotFound('Transaction not found');
  return transaction;
}

function blockStatus(snapshot: Snapshot, hash = ''): object {
  const block = snapshot.block(hash);
  if (!block) return { in_best_chain: false };
  const next = snapshot.blocks[block.height + 1];
  return { in_best_chain: true, height: block.height, ...(next && { next_best: next.hash }) };
}

function blockTransactions(snapshot: Snapshot, hash: string | undefined, start: number): object[] {
  const txids = blockOf(snapshot, hash).txids.slice(start, start + transactionsPerPage);
  return txids.map((txid) => transactionForm(transactionOf(snapshot, txid)));
}

function confirmedPage(snapshot: Snapshot, scriptHash: string, last?: string): object[] {
  const history = snapshot.confirmedHistory(scriptHash);
  const start = last === undefined ? 0 : history.findIndex(({ txid }) => txid === last) + 1;
  if (last !== undefined && start === 0) throw new NotFound('Transaction not found');
  return history.slice(start, start + transactionsPerPage).map(transactionForm);
}

function outspends(snapshot: Snapshot, { txid, outputs }: IndexedTransaction): object[] {
  return outputs.map((_, vout) => outspendForm(snapshot, txid, vout));
}

function merkleProof(snapshot: Snapshot, { confirmation }: IndexedTransaction): object {
  if (!confirmation) throw new NotFound('Transaction not found or is unconfirmed');
  const { txids } = blockOf(snapshot, confirmation.blockHash);
  const { height, position } = confirmation;
  return { block_height: height, merkle: merkleBranch(txids, position), pos: position };
}

async function merkleBlockProof(snapshot: Snapshot, txid: string | undefined, { rpc }: ChainSource): Promise<string> {
  const { confirmation } = transactionOf(snapshot, txid);
  if (!confirmation) throw new NotFound('Transaction not found or is unconfirmed');
  const { txids } = blockOf(snapshot, confirmation.blockHash);
  const header = await rpc.call<string>('getblockheader', confirmation.blockHash, false);
  return hex.encode(merkleBlock(hex.decode(header), txids, confirmation.position));
}

// Owns which path of the shop does what, for a page and for a program alike: forms are answered with pages, JSON with JSON. Bad input changes nothing.
import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import type { ChannelInfo, Payment } from '../../src/worker/api.js';
import { TernError } from '../../src/wire/errors.js';
import type { Html } from './shop-html.js';
import {
  channelPage,
  channelStanding,
  homePage,
  paymentPage,
  paymentStanding,
  type Refusal,
  type Standing
} from './shop-page.js';
import { goods, mostBuyBackSat, type Shop } from './shop.js';

export interface ShopRequest {
  method: string;
  path: string;
  /** Of the JSON or the form that came. */
  fields: unknown;
  /** A browser asks, for something to show. */
  wantsPage: boolean;
}

/** What goes out. `stream` tells of every change and answers how to stop that. */
export type ShopAnswer =
  | { type: 'page'; status: number; page: Html }
  | { type: 'json'; status: number; value: unknown }
  | { type: 'file'; contentType: string; content: string }
  | { type: 'redirect'; to: string }
  | { type: 'stream'; watch: (tell: (standing: Standing) => void) => Promise<() => void> };

/** A whole number of sat: JSON sends a number, a form sends digits. */
function sat(least: number, most: number) {
  const digits = v.pipe(v.string(), v.trim(), v.regex(/^\d{1,12}$/), v.transform(Number));
  const amount = v.pipe(v.number(), v.safeInteger(), v.minValue(least), v.maxValue(most));
  return v.pipe(
    v.union([v.number(), digits]),
    amount,
    v.transform((checked) => BigInt(checked))
  );
}

const mostSaleSat = 10_000_000;
const goodForm = v.object({ good: v.picklist(goods.map(({ id }) => id)) });
const saleForm = v.object({ amountSat: sat(1, mostSaleSat), description: v.optional(v.string(), 'Something else') });
const payForm = v.object({ bolt11: v.pipe(v.string(), v.trim(), v.nonEmpty()) });
const channelForm = v.object({ node: v.pipe(v.string(), v.trim(), v.nonEmpty()), amountSat: sat(20_000, 5_000_000) });

const files: Record<string, { file: string; contentType: string }> = {
  '/tokens.css': { file: '../../src/lib/ui/tokens.css', contentType: 'text/css; charset=utf-8' },
  '/base.css': { file: '../../src/lib/ui/base.css', contentType: 'text/css; charset=utf-8' },
  '/shop.css': { file: './shop.css', contentType: 'text/css; charset=utf-8' },
  '/shop.js': { file: './shop-browser.js', contentType: 'text/javascript; charset=utf-8' },
  '/icon.svg': { file: '../../static/icons/tern.svg', contentType: 'image/svg+xml' }
};

/**
 * `GET /info`; `POST /invoice {good}` or `{amountSat, description?}` -> `{paymentHash, bolt11, amountSat, expiresAtMs}`;
 * `POST /pay {bolt11}` -> the payment once it has ended; `POST /channel {node, amountSat}` -> the channel once it is funded;
 * `GET /payment/:id`, `GET /channel/:userChannelId`, both with `/events` (server-sent). Amounts are JSON numbers. Throws TernErrors.
 */
export async function answer(shop: Shop, request: ShopRequest): Promise<ShopAnswer> {
  const { method, path } = request;
  if (method === 'POST') return post(shop, request);
  if (method !== 'GET' && method !== 'HEAD') throw notFound();
  if (path === '/') return { type: 'page', status: 200, page: homePage(shop.nodeUri) };
  if (path === '/info') return json(await info(shop));
  const served = files[path];
  if (served) return { type: 'file', contentType: served.contentType, content: await readBeside(served.file) };
  const [, kind, id, events] = /^\/(payment|channel)\/([0-9a-f]{1,64})(\/events)?$/.exec(path) ?? [];
  if (kind === 'payment' && id !== undefined) return events ? paymentStream(shop, id) : showPayment(shop, id, request);
  if (kind === 'channel' && id !== undefined) return events ? channelStream(shop, id) : showChannel(shop, id, request);
  throw notFound();
}

async function post(shop: Shop, request: ShopRequest): Promise<ShopAnswer> {
  const run = { '/invoice': sell, '/pay': buyBack, '/channel': openChannel }[request.path];
  if (!run) throw notFound();
  try {
    return await run(shop, request);
  } catch (thrown) {
    if (!request.wantsPage) throw thrown;
    const form = request.path.slice(1) as Refusal['form'];
    const refusal = { form, values: request.fields as Record<string, string>, error: TernError.from(thrown).toShape() };
    return { type: 'page', status: 400, page: homePage(shop.nodeUri, refusal) };
  }
}

async function sell(shop: Shop, { fields, wantsPage }: ShopRequest): Promise<ShopAnswer> {
  const chosen = v.safeParse(goodForm, fields);
  const good = chosen.success ? goods.find(({ id }) => id === chosen.output.good) : undefined;
  const { amountSat, description } = good
    ? { amountSat: BigInt(good.amountSat), description: good.name }
    : parse(saleForm, fields);
  const invoice = await shop.sell(amountSat, description);
  if (wantsPage) return { type: 'redirect', to: `/payment/${invoice.paymentHash}` };
  return json({ ...invoice, amountSat: Number(amountSat) });
}

async function buyBack(shop: Shop, { fields, wantsPage }: ShopRequest): Promise<ShopAnswer> {
  const { id } = await shop.buyBack(parse(payForm, fields).bolt11);
  if (wantsPage) return { type: 'redirect', to: `/payment/${id}` };
  return json(paymentValue(await shop.outcome(id)));
}

async function openChannel(shop: Shop, { fields, wantsPage }: ShopRequest): Promise<ShopAnswer> {
  const { node, amountSat } = parse(channelForm, fields);
  const channel = await shop.openChannel(node, amountSat);
  if (wantsPage) return { type: 'redirect', to: `/channel/${channel.userChannelId}` };
  return json(channelValue(channel));
}

async function showPayment(shop: Shop, id: string, { wantsPage }: ShopRequest): Promise<ShopAnswer> {
  const payment = await shop.payment(id);
  return wantsPage ? { type: 'page', status: 200, page: paymentPage(payment) } : json(paymentValue(payment));
}

async function showChannel(shop: Shop, id: string, { wantsPage }: ShopRequest): Promise<ShopAnswer> {
  const channel = await shop.channel(id);
  if (wantsPage) return { type: 'page', status: 200, page: channelPage(id, channel) };
  if (!channel) throw new TernError('channel_not_found', 'The shop has no such channel.', 'It may be closed.');
  return json(channelValue(channel));
}

function paymentStream(shop: Shop, id: string): ShopAnswer {
  return { type: 'stream', watch: (tell) => shop.watchPayment(id, (payment) => tell(paymentStanding(payment))) };
}

function channelStream(shop: Shop, id: string): ShopAnswer {
  return { type: 'stream', watch: (tell) => shop.watchChannel(id, (channel) => tell(channelStanding(channel))) };
}

async function info(shop: Shop): Promise<unknown> {
  const [nodeId] = shop.nodeUri.split('@');
  const channels = (await shop.channels()).map(channelValue);
  const blockHeight = await shop.blockHeight();
  return { nodeId, nodeUri: shop.nodeUri, blockHeight, goods, mostBuyBackSat: Number(mostBuyBackSat), channels };
}

function paymentValue({ id, direction, status, amountMsat, feeMsat, description, failureCode }: Payment): unknown {
  const toSat = (amount?: bigint): number | undefined => (amount === undefined ? undefined : Number(amount) / 1_000);
  return { id, direction, status, amountSat: toSat(amountMsat), feeSat: toSat(feeMsat), description, failureCode };
}

function channelValue(channel: ChannelInfo): unknown {
  const { userChannelId, channelId, counterpartyNodeId, fundingTxid, capacitySat, state, isOutbound } = channel;
  const value = { userChannelId, channelId, counterpartyNodeId, fundingTxid, state, isOutbound };
  return { ...value, capacitySat: Number(capacitySat) };
}

function json(value: unknown): ShopAnswer {
  return { type: 'json', status: 200, value };
}

function parse<T>(schema: v.GenericSchema<unknown, T>, fields: unknown): T {
  const parsed = v.safeParse(schema, fields);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const field = issue.path?.map(({ key }) => String(key)).join('.') ?? 'The request';
  throw new TernError('invalid_argument', `${field}: ${issue.message}`, 'Correct it and try again.');
}

function readBeside(file: string): Promise<string> {
  return readFile(new URL(file, import.meta.url), 'utf8');
}

function notFound(): TernError {
  return new TernError('invalid_argument', 'The shop has nothing here.', 'Go back to the shop.');
}

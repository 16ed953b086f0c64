// Owns the shop's pages: plain HTML that works without a script, in the app's own look.
import { renderSVG } from 'uqr';
import type { ChannelInfo, Payment } from '../../src/worker/api.js';
import type { ErrorShape } from '../../src/wire/errors.js';
import { Html, html } from './shop-html.js';
import { goods, isPaymentFinal, mostBuyBackSat, type Good } from './shop.js';

/** How something stands, for a page and for its stream of events. */
export interface Standing {
  /** Shown by the style sheet: `waiting`, `good` or `bad`. */
  mood: 'waiting' | 'good' | 'bad';
  text: string;
  isFinal: boolean;
}

/** A form that was refused: what stood in it, and why. */
export interface Refusal {
  form: 'invoice' | 'pay' | 'channel';
  values: Record<string, string>;
  error: ErrorShape;
}

/** The front page. `refusal` shows a form again that was sent with something wrong in it. */
export function homePage(nodeUri: string, refusal?: Refusal): Html {
  return page(
    'The Tern Shop',
    html`<p class="soft">
        A Lightning node of its own, for you to try things on. Coins here are of the regtest chain: they have no value.
      </p>
      <section class="card stack tight" aria-labelledby="pay-in">
        <h2 id="pay-in">Open a channel to the shop</h2>
        <p class="soft small">Paste this address into your wallet, under Channels.</p>
        ${copyable(nodeUri, 'Copy the address')}
      </section>
      <section class="card stack tight" aria-labelledby="buy">
        <h2 id="buy">Buy</h2>
        ${refusalNotice('invoice', refusal)}
        <ul class="goods">
          ${goods.map(goodForm)}
        </ul>
      </section>
      <section class="card stack tight" aria-labelledby="sell">
        <h2 id="sell">Sell back</h2>
        <p class="soft small">
          Make an invoice in your wallet, up to ${sat(mostBuyBackSat)}. The shop pays with what you have spent here, or
          over a channel that it opened to you.
        </p>
        ${refusalNotice('pay', refusal)}
        <form method="post" action="/pay" class="stack tight">
          <label for="bolt11">Your invoice</label>
          <textarea
            id="bolt11"
            name="bolt11"
            class="input mono"
            rows="3"
            required
            spellcheck="false"
            ${described('pay', refusal)}
          >
${valueOf('pay', 'bolt11', refusal)}</textarea>
          <div><button class="button">Be paid</button></div>
        </form>
      </section>
      <section class="card stack tight" aria-labelledby="channel">
        <h2 id="channel">Get a channel from the shop</h2>
        <p class="soft small">
          With it you can receive more. Your wallet must be connected to the shop: a channel between you sees to that.
        </p>
        ${refusalNotice('channel', refusal)}
        <form method="post" action="/channel" class="stack tight">
          <label for="node">Your node ID</label>
          <input
            id="node"
            name="node"
            class="input mono"
            required
            spellcheck="false"
            autocomplete="off"
            value="${valueOf('channel', 'node', refusal)}"
            ${described('channel', refusal)}
          />
          <label for="amountSat">Capacity in sat</label>
          <input
            id="amountSat"
            name="amountSat"
            class="input"
            type="number"
            min="20000"
            max="5000000"
            required
            value="${valueOf('channel', 'amountSat', refusal) || '500000'}"
          />
          <div><button class="button">Open it</button></div>
        </form>
      </section>`
  );
}

/** An invoice of the shop's, or a payment that it makes. */
export function paymentPage(payment: Payment): Html {
  const isSale = payment.direction === 'inbound';
  const standing = paymentStanding(payment);
  const { bolt11 } = payment;
  return page(
    isSale ? payment.description : 'Sell back',
    html`<section class="card stack tight" data-mood="${standing.mood}">
      ${payment.amountMsat !== undefined && html`<p class="amount">${sat(payment.amountMsat / 1_000n)}</p>`}
      ${status(standing, `/payment/${payment.id}/events`)}
      ${isSale && bolt11 !== undefined && !isPaymentFinal(payment) && toPay(bolt11)}
    </section>`
  );
}

/** A channel that the shop opens; undefined once it is closed. */
export function channelPage(userChannelId: string, channel: ChannelInfo | undefined): Html {
  const standing = channelStanding(channel);
  return page(
    'A channel for you',
    html`<section class="card stack tight" data-mood="${standing.mood}">
      ${channel && html`<p class="amount">${sat(channel.capacitySat)}</p>`}
      ${status(standing, `/channel/${userChannelId}/events`)}
    </section>`
  );
}

/** A page that is not there, or a request that was refused. */
export function errorPage(error: ErrorShape): Html {
  return page('That did not work', html`<section class="card">${errorNotice(error)}</section>`);
}

/** How a payment stands, in words. */
export function paymentStanding(payment: Payment): Standing {
  const isFinal = isPaymentFinal(payment);
  const isSale = payment.direction === 'inbound';
  switch (payment.status) {
    case 'waiting':
    case 'pending':
      return { mood: 'waiting', text: isSale ? 'Waiting for your payment …' : 'Paying your invoice …', isFinal };
    case 'succeeded':
      return { mood: 'good', text: isSale ? 'Paid. Thank you!' : 'Your invoice is paid.', isFinal };
    case 'expired':
      return { mood: 'bad', text: 'The invoice has expired.', isFinal };
    case 'failed':
      return { mood: 'bad', text: `The payment did not arrive (${payment.failureCode ?? 'payment_failed'}).`, isFinal };
  }
}

/** How a channel stands, in words. */
export function channelStanding(channel: ChannelInfo | undefined): Standing {
  if (!channel || channel.state === 'closed' || channel.state === 'closing')
    return { mood: 'bad', text: 'The channel is closed.', isFinal: true };
  if (channel.state === 'ready') return { mood: 'good', text: 'The channel is ready.', isFinal: true };
  if (channel.state === 'offline')
    return { mood: 'waiting', text: 'Waiting for your wallet to connect …', isFinal: false };
  return { mood: 'waiting', text: 'Waiting for the channel to confirm …', isFinal: false };
}

function page(title: string, main: Html): Html {
  const isHome = title === 'The Tern Shop';
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${isHome ? title : `${title} – The Tern Shop`}</title>
        <link rel="icon" href="/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/base.css" />
        <link rel="stylesheet" href="/shop.css" />
        <script type="module" src="/shop.js"></script>
      </head>
      <body>
        <main class="stack">
          ${!isHome && html`<p><a href="/">Back to the shop</a></p>`}
          <h1>${title}</h1>
          ${main}
        </main>
      </body>
    </html>`;
}

function goodForm({ id, name, amountSat }: Good): Html {
  return html`<li>
    <form method="post" action="/invoice">
      <input type="hidden" name="good" value="${id}" />
      <span>${name}</span>
      <button class="button secondary" aria-label="Buy ${name} for ${sat(amountSat)}">${sat(amountSat)}</button>
    </form>
  </li>`;
}

function toPay(bolt11: string): Html {
  const qr = renderSVG(`LIGHTNING:${bolt11.toUpperCase()}`, { ecc: 'L', border: 3 });
  return html`<div class="to-pay stack tight">
    <div class="qr" role="img" aria-label="The invoice as a QR code">${new Html(qr)}</div>
    <p><a class="button wide" href="lightning:${bolt11}">Open in a wallet</a></p>
    ${copyable(bolt11, 'Copy the invoice')}
  </div>`;
}

function copyable(text: string, label: string): Html {
  return html`<code class="copyable">${text}</code>
    <div><button class="button secondary" type="button" data-copy="${text}" hidden>${label}</button></div>`;
}

function status({ text, isFinal }: Standing, events: string): Html {
  return html`<p class="standing" role="status" ${!isFinal && html`data-events="${events}"`}>${text}</p>`;
}

function refusalNotice(form: Refusal['form'], refusal: Refusal | undefined): Html | undefined {
  return refusal?.form === form ? errorNotice(refusal.error) : undefined;
}

function errorNotice({ code, cause, next }: ErrorShape): Html {
  return html`<div class="refusal" role="alert" id="refusal">
    <p>${cause}</p>
    <p>${next}</p>
    <p class="small"><code>${code}</code></p>
  </div>`;
}

/** The field that has to be mended gets the focus, and is read with the reason. */
function described(form: Refusal['form'], refusal: Refusal | undefined): Html | undefined {
  if (refusal?.form !== form) return undefined;
  return html`aria-invalid="true" aria-describedby="refusal" autofocus`;
}

function valueOf(form: Refusal['form'], name: string, refusal: Refusal | undefined): string {
  return refusal?.form === form ? (refusal.values[name] ?? '') : '';
}

function sat(amountSat: bigint | number): string {
  return `${amountSat.toLocaleString('en')} sat`;
}

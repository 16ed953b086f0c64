// Owns what the shop's pages do in the browser: they copy, and show a change the moment it happens. Served as it is; imports nothing.
const shownAsCopiedMs = 2_000;

/** @param {HTMLButtonElement} button */
function offerCopy(button) {
  const label = button.textContent;
  button.hidden = false;
  button.addEventListener('click', () => {
    void navigator.clipboard.writeText(button.dataset['copy'] ?? '').then(() => {
      button.textContent = 'Copied';
      setTimeout(() => (button.textContent = label), shownAsCopiedMs);
    });
  });
}

/** @param {HTMLElement} status */
function follow(status) {
  const source = new EventSource(status.dataset['events'] ?? '');
  source.addEventListener('message', ({ data }) => {
    /** @type {import('./shop-page.js').Standing} */
    const { mood, text, isFinal } = JSON.parse(data);
    status.closest('[data-mood]')?.setAttribute('data-mood', mood);
    if (status.textContent !== text) status.textContent = text;
    if (isFinal) source.close();
  });
}

document.querySelectorAll('button').forEach((button) => button.dataset['copy'] && offerCopy(button));
for (const status of document.querySelectorAll('[data-events]')) if (status instanceof HTMLElement) follow(status);

export {};

// Owns where the app runs: in the browser alone. The server only ever hands out one static shell.
export const ssr = false;
export const prerender = false;
export const trailingSlash = 'never';

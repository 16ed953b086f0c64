// Owns the built app as served: read once at start, so that one build is served whole and no path of a request ever touches the disk.
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join, relative, sep } from 'node:path';
import { lookup as typeOf } from 'mrmime';
import { TernError } from '../wire/errors.js';
import { hashInline, type InlineHashes } from './headers.js';
import { answerText } from './http.js';

/** The files of one build. */
export interface StaticFiles {
  /** What the page's CSP must let through. */
  readonly inline: InlineHashes;
  /** Answers any request whose path no other service owns. */
  handle(request: IncomingMessage, response: ServerResponse, path: string): void;
}

interface StoredFile {
  type: string;
  cacheControl: string;
  etag: string;
  /** By content coding; `identity` is always there. */
  bodies: Map<string, Buffer>;
}

/** In the order of preference. Compressed neighbours are made by the build. */
const CODINGS = [
  ['br', '.br'],
  ['gzip', '.gz']
] as const;
const IMMUTABLE = /^\/_app\/immutable\//;
const FALLBACKS = ['/index.html', '/200.html'];
const NO_INLINE: InlineHashes = { scripts: [], styles: [], styleAttributes: [] };

/** Answers where no build is served: every path is unknown. */
export const noStaticFiles: StaticFiles = {
  inline: NO_INLINE,
  handle: (_request, response) => answerText(response, 404, 'This server serves no app.')
};

/** Reads a build of adapter-static. `invalid_argument` where the directory holds none. */
export async function loadStaticFiles(directory: string): Promise<StaticFiles> {
  const raw = await readAll(directory);
  const files = new Map<string, StoredFile>();
  for (const [path, body] of raw) {
    if (!CODINGS.some(([, ending]) => path.endsWith(ending) && raw.has(path.slice(0, -ending.length)))) {
      files.set(path, storedFile(path, body, raw));
    }
  }
  const fallback = FALLBACKS.map((path) => files.get(path)).find((file) => file !== undefined);
  if (fallback === undefined) throw notBuilt(directory);
  return {
    inline: hashPages(files),
    handle: (request, response, path) => serve(request, response, find(files, fallback, path))
  };
}

async function readAll(directory: string): Promise<Map<string, Buffer>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => {
    throw notBuilt(directory);
  });
  const read = entries
    .filter((entry) => entry.isFile())
    .map(async (entry): Promise<[string, Buffer]> => {
      const file = join(entry.parentPath, entry.name);
      return [`/${relative(directory, file).split(sep).join('/')}`, await readFile(file)];
    });
  return new Map(await Promise.all(read));
}

function storedFile(path: string, body: Buffer, raw: Map<string, Buffer>): StoredFile {
  const type = typeOf(path) ?? 'application/octet-stream';
  const bodies = new Map([['identity', body]]);
  for (const [coding, ending] of CODINGS) {
    const compressed = raw.get(path + ending);
    if (compressed !== undefined) bodies.set(coding, compressed);
  }
  return {
    type: /^text\/|javascript|json/.test(type) ? `${type}; charset=utf-8` : type,
    cacheControl: IMMUTABLE.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache',
    etag: createHash('sha256').update(body).digest('base64url').slice(0, 22),
    bodies
  };
}

function hashPages(files: Map<string, StoredFile>): InlineHashes {
  const pages = [...files].filter(([path]) => path.endsWith('.html'));
  const hashes = pages.map(([, page]) => hashInline(page.bodies.get('identity')?.toString() ?? ''));
  return {
    scripts: hashes.flatMap((page) => page.scripts),
    styles: hashes.flatMap((page) => page.styles),
    styleAttributes: hashes.flatMap((page) => page.styleAttributes)
  };
}

/** The file of a path; the app's page for a path that is a screen of it; undefined for a missing file and a malformed path. */
function find(files: Map<string, StoredFile>, fallback: StoredFile, path: string): StoredFile | undefined {
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    return undefined;
  }
  const exact =
    files.get(decoded) ?? files.get(`${decoded.replace(/\/$/, '')}/index.html`) ?? files.get(`${decoded}.html`);
  if (exact !== undefined) return exact;
  const isFileName = /\.[^/]*$/.test(decoded) || decoded.startsWith('/_app/');
  return isFileName ? undefined : fallback;
}

function serve(request: IncomingMessage, response: ServerResponse, file: StoredFile | undefined): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    return answerText(response, 405, 'Only GET and HEAD are known here.');
  }
  if (file === undefined) return answerText(response, 404, 'There is no such file.');
  const coding = chooseCoding(request.headers['accept-encoding'], file);
  const etag = `"${file.etag}${coding === 'identity' ? '' : `-${coding}`}"`;
  response.setHeader('cache-control', file.cacheControl);
  response.setHeader('etag', etag);
  if (file.bodies.size > 1) response.setHeader('vary', 'accept-encoding');
  if (isUnchanged(request.headers['if-none-match'], etag)) {
    response.writeHead(304).end();
    return;
  }
  const body = file.bodies.get(coding);
  if (coding !== 'identity') response.setHeader('content-encoding', coding);
  response.writeHead(200, { 'content-type': file.type, 'content-length': body?.length ?? 0 });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** RFC 9110, 12.5.3: a coding is acceptable when named, or covered by `*`, with a weight above zero. */
function chooseCoding(acceptEncoding: string | undefined, file: StoredFile): string {
  const weights = new Map<string, number>();
  for (const item of (acceptEncoding ?? '').toLowerCase().split(',')) {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim());
    const weight = parameters.find((parameter) => parameter.startsWith('q='));
    weights.set(name, weight === undefined ? 1 : Number(weight.slice(2)));
  }
  const accepted = CODINGS.find(
    ([coding]) => file.bodies.has(coding) && (weights.get(coding) ?? weights.get('*') ?? 0) > 0
  );
  return accepted?.[0] ?? 'identity';
}

function isUnchanged(ifNoneMatch: string | undefined, etag: string): boolean {
  const known = (ifNoneMatch ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return known.includes(etag) || known.includes('*');
}

function notBuilt(directory: string): TernError {
  return new TernError(
    'invalid_argument',
    `There is no built app in ${directory}.`,
    'Run npm run build, or name another directory with --static.'
  );
}

// Owns lnd's REST transport: one call, one answer or a coded error with lnd's own reason; streams end when nobody reads on.
import { TernError } from '../../src/wire/errors.js';

export type JsonObject = Record<string, unknown>;

const callTimeoutMs = 60_000;

interface StreamLine {
  result?: JsonObject;
  error?: { message: string };
}

/** lnd's REST interface on loopback (lightning.engineering/api-docs), without TLS and macaroons. */
export class LndRest {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  get(path: string): Promise<JsonObject> {
    return this.#call('GET', path);
  }

  post(path: string, body: JsonObject): Promise<JsonObject> {
    return this.#call('POST', path, body);
  }

  delete(path: string): Promise<JsonObject> {
    return this.#call('DELETE', path);
  }

  /** The messages of a streaming call, as they come; leaving the loop ends the call. */
  async *stream(method: 'GET' | 'POST' | 'DELETE', path: string, body?: JsonObject, timeoutMs = 120_000) {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(new Error(`no end after ${timeoutMs} ms`)), timeoutMs);
    try {
      const response = await this.#request(method, path, body, abort.signal);
      let unfinished = '';
      for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
        const lines = (unfinished + Buffer.from(chunk).toString('utf8')).split('\n');
        unfinished = lines.pop() ?? '';
        for (const line of lines.filter((each) => each.trim())) {
          const { result, error } = JSON.parse(line) as StreamLine;
          if (error) throw refused(path, error.message);
          if (result) yield result;
        }
      }
    } catch (error) {
      if (error instanceof TernError) throw error;
      throw silent(path, error);
    } finally {
      clearTimeout(timer);
      abort.abort();
    }
  }

  async #call(method: string, path: string, body?: JsonObject): Promise<JsonObject> {
    const response = await this.#request(method, path, body, AbortSignal.timeout(callTimeoutMs));
    return (await response.json()) as JsonObject;
  }

  async #request(method: string, path: string, body: JsonObject | undefined, signal: AbortSignal): Promise<Response> {
    const request = fetch(this.#url + path, { method, signal, body: body && JSON.stringify(body) });
    const response = await request.catch((error: unknown) => {
      throw silent(path, error);
    });
    if (response.ok) return response;
    const text = await response.text();
    throw refused(path, reasonOf(text));
  }
}

/** Unary calls put the reason on top, streams into `error`. */
function reasonOf(body: string): string {
  if (!body.startsWith('{')) return body;
  const json = JSON.parse(body) as { message?: string; error?: { message?: string } };
  return json.message ?? json.error?.message ?? body;
}

function refused(path: string, reason: string): TernError {
  return new TernError('internal', `lnd refused ${path.split('?')[0]}: ${reason}`, 'Look into lnd’s log.');
}

function silent(path: string, error: unknown): TernError {
  const reason = error instanceof Error ? String(error.cause ?? error.message) : String(error);
  return new TernError('peer_unreachable', `lnd did not answer ${path}: ${reason}`, 'Check that lnd is running.');
}

// Owns the talk with the device's authenticator: a passkey is made for this wallet, and asked for the secret that opens it (WebAuthn level 3, PRF). What it answers goes to the worker and nowhere else.
import { TernError } from '../../wire/errors.js';
import type { PasskeyHint } from '../../worker/api.js';

/** COSE: ES256, EdDSA, RS256. Nothing is ever signed that anybody checks. */
const ALGORITHMS = [-7, -8, -257];
const PATIENCE_MS = 120_000;

/** A passkey and what it answered to its salt. */
export interface FreshPasskey {
  hint: PasskeyHint;
  prf: Uint8Array;
}

/** Whether this browser and device can have one, as far as they say. */
export async function isPasskeyPossible(): Promise<boolean> {
  if (!('PublicKeyCredential' in window)) return false;
  // Older browsers do not tell what they can.
  const tells = 'getClientCapabilities' in PublicKeyCredential;
  const capabilities = tells ? await PublicKeyCredential.getClientCapabilities() : {};
  if (capabilities['extension:prf'] === false) return false;
  return PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable();
}

/** Makes one, under a name that its owner will recognise. Throws `passkey_unavailable`. */
export async function makePasskey(name: string): Promise<FreshPasskey> {
  const salt = random(32);
  const made = await asked(() =>
    navigator.credentials.create({
      publicKey: {
        rp: { name: 'Tern' },
        user: { id: random(16), name, displayName: name },
        challenge: random(32),
        pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
        authenticatorSelection: { userVerification: 'required', residentKey: 'preferred' },
        extensions: { prf: { eval: { first: salt } } },
        timeout: PATIENCE_MS
      }
    })
  );
  const { prf } = made.getClientExtensionResults();
  if (prf?.enabled !== true) throw unavailable('The passkey cannot keep a secret for a wallet (PRF).');
  const hint = { credentialId: new Uint8Array(made.rawId), salt };
  return { hint, prf: prf.results ? bytesOf(prf.results.first) : await askPasskey(hint) };
}

/** Asks one for the secret that opens the wallet. Throws `passkey_unavailable`. */
export async function askPasskey({ credentialId, salt }: PasskeyHint): Promise<Uint8Array> {
  const answer = await asked(() =>
    navigator.credentials.get({
      publicKey: {
        challenge: random(32),
        allowCredentials: [{ type: 'public-key', id: new Uint8Array(credentialId) }],
        userVerification: 'required',
        extensions: { prf: { eval: { first: new Uint8Array(salt) } } },
        timeout: PATIENCE_MS
      }
    })
  );
  const { prf } = answer.getClientExtensionResults();
  if (!prf?.results) throw unavailable('The passkey did not answer with its secret (PRF).');
  return bytesOf(prf.results.first);
}

async function asked(ask: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  try {
    const credential = await ask();
    if (credential instanceof PublicKeyCredential) return credential;
  } catch (thrown) {
    throw unavailable(thrown instanceof Error ? thrown.message : String(thrown));
  }
  throw unavailable('The device gave no passkey.');
}

function bytesOf(source: BufferSource): Uint8Array {
  return source instanceof ArrayBuffer
    ? new Uint8Array(source)
    : new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
}

function random(length: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(length));
}

function unavailable(cause: string): TernError {
  return new TernError('passkey_unavailable', cause, 'Try again, or use your password.');
}

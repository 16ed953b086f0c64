// Proves that node URIs are read in every form peers publish them, and that nothing undialable passes.
import { describe, expect, it } from 'vitest';
import { parseAddress, parseNodeId, parseNodeUri } from './node-uri.js';

const nodeId = '0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798';
const onion = 'a'.repeat(56) + '.onion';

describe('parseNodeUri', () => {
  it.each([
    ['a name and a port', 'node.example.com:9736', 'node.example.com:9736'],
    ['a name without a port', 'node.example.com', 'node.example.com:9735'],
    ['an IPv4 address', '127.0.0.1:19735', '127.0.0.1:19735'],
    ['an IPv6 address, shortened', '[2001:0db8:0:0:0:0:0:1]:9735', '[2001:db8::1]:9735'],
    ['an IPv6 address without a port', '[::1]', '[::1]:9735'],
    ['an onion service', `${onion}:9735`, `${onion}:9735`],
    ['a WebSocket peer', 'wss://peer.example.com/ln', 'wss://peer.example.com/ln'],
    ['upper case', 'NODE.Example.com:9735', 'node.example.com:9735']
  ])('reads %s', (_form, address, canonical) => {
    expect(parseNodeUri(` ${nodeId.toUpperCase()}@${address} `)).toEqual({ nodeId, address: canonical });
  });

  it.each([
    ['no address', nodeId],
    ['an empty host', `${nodeId}@:9735`],
    ['a port of zero', `${nodeId}@host:0`],
    ['a port beyond 65535', `${nodeId}@host:65536`],
    ['a port that is not a number', `${nodeId}@host:97x5`],
    ['an empty port', `${nodeId}@host:`],
    ['bare IPv6', `${nodeId}@2001:db8::1:9735`],
    ['broken IPv6', `${nodeId}@[2001::db8::1]:9735`],
    ['an IPv4 octet beyond 255', `${nodeId}@1.2.3.256:9735`],
    ['a broken onion name', `${nodeId}@short.onion:9735`],
    ['an http address', `${nodeId}@http://host/`],
    ['credentials in a WebSocket address', `${nodeId}@wss://user:pass@host/`],
    ['a short key', `${nodeId.slice(0, 64)}@host:9735`],
    ['a key off the curve', `02${'f'.repeat(64)}@host:9735`],
    ['spaces in the host', `${nodeId}@ho st:9735`]
  ])('refuses %s', (_form, text) => {
    expect(() => parseNodeUri(text)).toThrow(expect.objectContaining({ code: 'invalid_node_uri' }));
  });

  it('tells an onion service from a plain host', () => {
    expect(parseAddress(onion)).toMatchObject({ onion: true, port: 9735 });
    expect(parseAddress('host:1')).toMatchObject({ onion: false });
    expect(parseNodeId(nodeId)).toBe(nodeId);
  });
});

// Proves that only public unicast addresses may be dialled, in whatever notation they come.
import { describe, expect, it } from 'vitest';
import { clientNetwork, isLoopbackAddress, isPublicAddress, normalizeAddress } from './addresses.js';

describe('addresses', () => {
  it.each([
    '8.8.8.8',
    '1.1.1.1',
    '172.15.255.255',
    '172.32.0.1',
    '100.128.0.1',
    '2606:4700:4700::1111',
    '::ffff:8.8.8.8'
  ])('lets the public address %s through', (address) => expect(isPublicAddress(address)).toBe(true));

  it.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '100.127.255.255',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '0:0:0:0:0:ffff:a00:1',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2001:0:1::1',
    '2001:db8::1',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    'localhost',
    '',
    '0x7f.1'
  ])('holds %s back', (address) => expect(isPublicAddress(address)).toBe(false));

  it('knows loopback in every notation', () => {
    for (const address of ['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1', '0:0:0:0:0:0:0:1']) {
      expect(isLoopbackAddress(address), address).toBe(true);
    }
    expect(isLoopbackAddress('128.0.0.1')).toBe(false);
    expect(isLoopbackAddress('::2')).toBe(false);
  });

  it('counts a mapped IPv4 address as that IPv4 address, and an IPv6 customer as one', () => {
    expect(normalizeAddress('::FFFF:1.2.3.4')).toBe('1.2.3.4');
    expect(clientNetwork('::ffff:1.2.3.4')).toBe('1.2.3.4');
    expect(clientNetwork('2a01:4f8:1:2::1')).toBe(clientNetwork('2a01:4f8:1:2:ffff::9'));
    expect(clientNetwork('2a01:4f8:1:2::1')).not.toBe(clientNetwork('2a01:4f8:1:3::1'));
    expect(clientNetwork('2a01::1')).toBe('2a01:0:0:0::/64');
  });
});

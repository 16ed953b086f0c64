// Owns the proof that no satoshi is shown twice or left out of the balance.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { balanceParts } from './balance.js';

const someSat = fc.bigInt({ min: 0n, max: 10n ** 12n });

it('splits the total into parts that add up to it', () => {
  fc.assert(
    fc.property(someSat, someSat, someSat, someSat, someSat, (onchain, pending, outbound, closing, reserve) => {
      const totalSat = onchain + pending + outbound + closing + reserve;
      const parts = balanceParts(
        {
          onchainSpendableSat: onchain,
          onchainFrozenSat: 0n,
          onchainPendingSat: pending,
          anchorReserveSat: 0n,
          lightningMsat: (outbound + reserve) * 1000n,
          outboundCapacityMsat: outbound * 1000n,
          inboundCapacityMsat: 0n,
          closingSat: closing,
          closingParts: [],
          totalSat
        },
        []
      );
      expect(parts.spendableSat + parts.pendingSat + parts.setAsideSat).toBe(totalSat);
      expect(parts.spendableSat).toBe(onchain + outbound);
      expect(parts.pendingSat).toBe(pending + closing);
    })
  );
});

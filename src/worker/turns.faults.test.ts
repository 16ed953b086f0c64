// Proves that a backup can hold a turn, and that whatever goes wrong in one silences the node.
import { describe, expect, it } from 'vitest';
import {
  backup,
  monitor,
  output,
  payment,
  ScriptedNode,
  update,
  value,
  watch,
  world
} from '../../tests/sim/turns-stage.js';
import { idle } from '../../tests/sim/virtual-clock.js';
import { TernError } from '../wire/errors.js';
import { Turns } from './turns.js';

describe('a backup that acknowledges', () => {
  it('holds the outputs of a new monitor and all later ones, while later turns are committed', async () => {
    const { replicate, calls, open } = backup();
    const { disk, turns, node, sent } = world({ replicate });
    const first = watch(turns.write(monitor('m'), value));
    node.outputs.push(output(1));
    await idle();
    void turns.write(payment('a'), value);
    node.outputs.push(output(2));
    const flushed = watch(turns.flush());
    await idle();
    expect([calls, sent, disk.landed.length]).toEqual([
      ['committed 1', 'outputs 1', 'persisted 1', 'committed 2'],
      [],
      2
    ]);
    await open('persisted 1');
    expect([first.state, flushed.state, sent]).toEqual(['pending', 'pending', []]);
    await open('outputs 1');
    expect([first.state, flushed.state, sent]).toEqual(['resolved', 'resolved', [1, 2]]);
  });

  it('holds monitor writes in their order, but not the outputs of turns without a new monitor', async () => {
    const { replicate, calls, open } = backup();
    const { turns, node, sent, disk } = world({ replicate });
    await disk.commit({ puts: [{ row: monitor('m'), value }], removes: [] });
    const first = watch(turns.write(update('1'), value));
    node.outputs.push(output(1));
    await idle();
    const second = watch(turns.write(monitor('m'), value));
    node.outputs.push(output(2));
    await idle();
    expect([calls, sent]).toEqual([
      ['committed 1', 'persisted 1', 'committed 2', 'persisted 2'],
      [1, 2]
    ]);
    await open('persisted 2');
    expect([first.state, second.state]).toEqual(['pending', 'pending']);
    await open('persisted 1');
    expect([first.state, second.state]).toEqual(['resolved', 'resolved']);
  });

  it('halts the node with its own code when it refuses', async () => {
    const taken = new TernError('taken_over', 'another device', 'none');
    const { turns, node, sent, halts } = world({
      replicate: {
        committed: () => undefined,
        beforeOutputs: () => Promise.reject(taken),
        beforePersisted: async () => undefined
      }
    });
    const written = watch(turns.write(monitor('m'), value));
    node.outputs.push(output(1));
    await idle();
    expect([halts, sent, written.state]).toEqual([[taken], [], 'pending']);
  });
});

describe('a node that fails', () => {
  it('is halted by an error of its cut: nothing is committed, delivered or resolved any more', async () => {
    const { replicate, open } = backup();
    const { turns, node, sent, halts, disk } = world({ replicate });
    const held = watch(turns.write(monitor('m'), value));
    node.outputs.push(output(1));
    const flushed = watch(turns.flush());
    await idle();
    node.onCut = () => {
      throw new Error('unreachable executed');
    };
    turns.wake();
    await idle();
    expect(halts.map(({ code, cause }) => [code, cause])).toEqual([
      ['node_halted', 'The node stopped itself: unreachable executed']
    ]);
    const cutCount = node.cutCount;
    const late = watch(turns.write(update('1'), value));
    await open('outputs 1');
    await open('persisted 1');
    turns.wake();
    await idle();
    expect([sent, held.state, late.state, flushed.state]).toEqual([[], 'pending', 'pending', 'node_halted']);
    expect([disk.landed.length, node.cutCount, halts.length]).toEqual([1, cutCount, 1]);
    await expect(turns.flush()).rejects.toMatchObject({ code: 'node_halted' });
  });

  it('is halted when its outputs cannot be delivered', async () => {
    const { store, clock } = world();
    const halts: string[] = [];
    const turns = new Turns({
      store,
      clock,
      deliver: () => {
        throw new Error('no sockets');
      },
      onHalt: ({ code }) => halts.push(code)
    });
    const node = new ScriptedNode();
    node.outputs.push(output(1));
    turns.attach(node);
    await expect(turns.flush()).rejects.toMatchObject({ code: 'node_halted' });
    expect(halts).toEqual(['node_halted']);
  });

  it('is halted with the code of a disk that will not recover', async () => {
    const { disk, turns, node, sent, halts } = world();
    disk.failNext(new TernError('storage_corrupt', 'gone', 'none'));
    const written = watch(turns.write(update('1'), value));
    node.outputs.push(output(1));
    await idle();
    expect([halts.map(({ code }) => code), sent, written.state]).toEqual([['storage_corrupt'], [], 'pending']);
  });

  it('waits for a full disk and loses nothing', async () => {
    const { disk, clock, turns, node, sent, halts } = world();
    disk.failNext(new TernError('storage_full', 'full', 'none'), new TernError('storage_full', 'full', 'none'));
    const written = watch(turns.write(update('1'), value));
    node.outputs.push(output(1));
    await idle();
    expect([sent, written.state]).toEqual([[], 'pending']);
    await clock.advance(10_000);
    expect([sent, written.state, halts]).toEqual([[1], 'resolved', []]);
  });
});

describe('a crash', () => {
  it.each(['before', 'after'] as const)(
    '%s a commit: nothing of that turn or of a later one gets out',
    async (when) => {
      const { disk, turns, node, sent, store, halts } = world({ crashAt: { commit: 2, when } });
      node.outputs.push(output(1));
      await turns.write(update('1'), value);
      node.outputs.push(output(2));
      const written = watch(turns.write(update('2'), value));
      const flushed = watch(turns.flush());
      await idle();
      node.outputs.push(output(3));
      turns.wake();
      await idle();
      expect([sent, written.state, flushed.state, halts]).toEqual([[1], 'pending', 'pending', []]);
      expect([store.state.kind, disk.landed.length]).toEqual(['crashed', when === 'after' ? 2 : 1]);
    }
  );

  it('at a commit that bypasses the turns stops them too, and the outputs that a backup held', async () => {
    const { replicate, open } = backup();
    const { turns, node, sent, store } = world({ replicate, crashAt: { commit: 2, when: 'before' } });
    void turns.write(monitor('m'), value);
    node.outputs.push(output(1));
    await idle();
    void store.disk.commit({ puts: [], removes: [], local: [{ name: 'x', value }] });
    await open('outputs 1');
    const cutCount = node.cutCount;
    turns.wake();
    await idle();
    expect([sent, node.cutCount, store.state.kind]).toEqual([[], cutCount, 'crashed']);
  });
});

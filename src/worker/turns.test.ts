// Proves the order of a turn: nothing leaves, and LDK hears of no monitor, before the disk has the turn.
import { describe, expect, it } from 'vitest';
import { idle } from '../../tests/sim/virtual-clock.js';
import { monitor, output, payment, update, value, watch, world } from '../../tests/sim/turns-stage.js';

describe('a turn', () => {
  it('delivers its outputs and resolves its monitor writes only after its commit, outputs first', async () => {
    const { disk, turns, node, sent } = world();
    disk.hold();
    const order: string[] = [];
    const written = turns.write(update('1'), value).then(() => order.push(`persisted after ${sent.length} output`));
    const watched = watch(written);
    node.outputs.push(output(1));
    await idle();
    expect([sent, watched.state, disk.landed.length]).toEqual([[], 'pending', 0]);
    disk.step();
    await idle();
    expect([sent, watched.state, disk.landed.length]).toEqual([[], 'pending', 1]);
    disk.step();
    await idle();
    expect([sent, watched.state, order]).toEqual([[1], 'resolved', ['persisted after 1 output']]);
  });

  it('lets other writes and every remove go as soon as they are staged', async () => {
    const { disk, turns, store } = world();
    disk.hold();
    await turns.write(payment('a'), value);
    await turns.remove(update('1'));
    await turns.remove(monitor('m'));
    expect(disk.landed).toEqual([]);
    expect(await store.read(payment('a'))).toEqual(value);
  });

  it('is one for any number of wakes, and what its own cut stages asks for no other', async () => {
    const { turns, node, disk, store } = world();
    await idle();
    const before = node.cutCount;
    node.onCut = () => void turns.write({ primary: '', secondary: '', key: 'manager' }, value);
    void turns.write(update('1'), value);
    for (let wakes = 0; wakes < 50; wakes += 1) turns.wake();
    await idle();
    expect(node.cutCount - before).toBe(1);
    expect(disk.landed).toHaveLength(1);
    expect(store.hasStaged()).toBe(false);
  });

  it('runs when the executor is idle, not among its microtasks', async () => {
    const { turns, node } = world();
    await idle();
    const before = node.cutCount;
    turns.wake();
    for (let microtasks = 0; microtasks < 100; microtasks += 1) await Promise.resolve();
    expect(node.cutCount).toBe(before);
    await idle();
    expect(node.cutCount).toBe(before + 1);
  });

  it('takes together what was staged while the one before it was committed', async () => {
    const { disk, turns, node, sent } = world();
    disk.hold();
    void turns.write(update('1'), value);
    node.outputs.push(output(1));
    await idle();
    const cutCount = node.cutCount;
    const waiting: { state: string }[] = [];
    for (const key of ['2', '3', '4']) {
      waiting.push(watch(turns.write(update(key), value)));
      node.outputs.push(output(Number(key)));
      await idle();
    }
    expect(node.cutCount).toBe(cutCount);
    disk.release();
    await idle();
    expect(disk.landed.map(({ puts }) => puts.map(({ row }) => row.key))).toEqual([['1'], ['2', '3', '4']]);
    expect(waiting.map(({ state }) => state)).toEqual(['resolved', 'resolved', 'resolved']);
    expect(sent).toEqual([1, 2, 3, 4]);
  });

  it('leaves to the next turn what is staged after its cut, be it one microtask later', async () => {
    const { disk, turns, node } = world();
    await idle();
    node.onCut = () => {
      node.onCut = () => undefined;
      queueMicrotask(() => void turns.write(update('late'), value));
    };
    void turns.write(update('1'), value);
    await idle();
    expect(disk.landed.map(({ puts }) => puts.map(({ row }) => row.key))).toEqual([['1'], ['late']]);
  });

  it('goes on while LDK waits for a monitor in the middle of its work', async () => {
    const { turns, node, sent } = world();
    const ldk = async () => {
      await turns.write(update('1'), value);
      await turns.write(payment('a'), value);
      await turns.write(update('2'), value);
      node.outputs.push(output(1));
      turns.wake();
    };
    await ldk();
    await turns.flush();
    expect(sent).toEqual([1]);
  });

  it('only commits before a node is attached and after it is detached', async () => {
    const { disk, turns, node } = world();
    turns.detach();
    await turns.write(update('1'), value);
    expect(disk.landed).toHaveLength(1);
    expect(node.cutCount).toBe(0);
  });

  it('delivers outputs that change no state without a commit', async () => {
    const { turns, node, sent, disk } = world();
    node.outputs.push(output(1));
    turns.wake();
    await idle();
    expect(sent).toEqual([1]);
    expect(disk.landed).toEqual([]);
  });
});

describe('flush', () => {
  it('resolves when what was staged or not yet cut is committed and delivered', async () => {
    const { disk, turns, node, sent } = world();
    await idle();
    disk.hold();
    void turns.write(payment('a'), value);
    node.outputs.push(output(1));
    const flushed = watch(turns.flush());
    await idle();
    disk.step();
    await idle();
    expect([flushed.state, sent]).toEqual(['pending', []]);
    disk.release();
    await idle();
    expect([flushed.state, sent]).toEqual(['resolved', [1]]);
  });

  it('waits for the next turn when one is being committed', async () => {
    const { disk, turns, node, sent } = world();
    disk.hold();
    void turns.write(payment('a'), value);
    await idle();
    node.outputs.push(output(2));
    const flushed = watch(turns.flush());
    disk.step();
    disk.step();
    await idle();
    disk.release();
    await idle();
    expect([flushed.state, sent]).toEqual(['resolved', [2]]);
  });

  it('resolves when there is nothing to do', async () => {
    await world().turns.flush();
  });
});

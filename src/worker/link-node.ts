// Owns the node as its connections see it: a defect in it halts the node instead of escaping into a socket's callback, and one that is over hears nothing.
import type { TernNode } from '../../wasm/pkg/tern.js';
import { TernError } from '../wire/errors.js';
import { crashed } from './halts.js';
import type { LinkNode } from './links.js';

/** The sockets of `node`, as long as it is not over. */
export function linkNode(node: TernNode, isOver: () => boolean, halt: (error: TernError) => void): LinkNode {
  const call = <T>(run: () => T, afterwards: T): T => {
    if (isOver()) return afterwards;
    try {
      return run();
    } catch (thrown) {
      if (thrown instanceof WebAssembly.RuntimeError) halt(crashed(thrown));
      throw TernError.from(thrown);
    }
  };
  return {
    socketOpenedOutbound: (socket, nodeId) => call(() => node.socketOpenedOutbound(socket, nodeId), undefined),
    socketOpenedInbound: (socket) => call(() => node.socketOpenedInbound(socket), undefined),
    socketBytes: (socket, bytes) => call(() => node.socketBytes(socket, bytes), undefined),
    socketWritable: (socket) => call(() => node.socketWritable(socket), undefined),
    socketClosed: (socket) => call(() => node.socketClosed(socket), undefined),
    connectedPeers: () => call(() => node.connectedPeers(), [])
  };
}

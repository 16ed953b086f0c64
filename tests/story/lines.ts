// Owns the connections of a device to its peers, each of which can fall silent: bytes get lost from then on, and neither side is told.
import type { Socket, SocketHandlers } from '../../src/worker/platform.js';

/** The way that bytes take. */
export type Way = 'in' | 'out';

interface Line {
  readonly silent: Set<Way>;
  socket?: Socket;
}

interface Stall {
  way: Way;
  chunksLeft: number;
  happened: () => void;
}

/** All connections that a device ever dialled. */
export class Lines {
  readonly #lines = new Set<Line>();
  #stall: Stall | undefined;
  #dialCount = 0;
  #dialCountAtSilence: number | undefined;

  /** Dials with `open`, and stands between the two sides. */
  dial(open: (handlers: SocketHandlers) => Socket, handlers: SocketHandlers): Socket {
    const line: Line = { silent: new Set() };
    const socket = open({
      opened: () => {
        if (!line.silent.has('in')) handlers.opened();
      },
      message: (data) => {
        if (this.#carries(line, 'in')) handlers.message(data);
      },
      closed: (reason) => {
        this.#lines.delete(line);
        if (!line.silent.has('in')) handlers.closed(reason);
      }
    });
    line.socket = socket;
    this.#lines.add(line);
    this.#dialCount += 1;
    return {
      get bufferedBytes() {
        return socket.bufferedBytes;
      },
      send: (data) => {
        if (this.#carries(line, 'out')) socket.send(data);
      },
      // An end is news, too: it does not get through either.
      close: () => {
        if (!line.silent.has('out')) socket.close();
      }
    };
  }

  /** The `chunk`-th chunk from now on is the first that gets lost, on its line and in its direction; lines dialled later are well. Resolves then. */
  stallAt(way: Way, chunk: number): Promise<void> {
    this.#dialCountAtSilence = undefined;
    return new Promise((happened) => (this.#stall = { way, chunksLeft: chunk, happened }));
  }

  /** Nothing stalls any more; whether something did. */
  disarm(): boolean {
    this.#stall = undefined;
    return this.#dialCountAtSilence !== undefined;
  }

  /** All that is open now falls silent in both directions. */
  cut(): void {
    for (const { silent } of this.#lines) silent.add('in').add('out');
    this.#dialCountAtSilence = this.#dialCount;
  }

  /** A line has fallen silent, and another was dialled since. */
  get isRedialled(): boolean {
    return this.#dialCountAtSilence !== undefined && this.#dialCount > this.#dialCountAtSilence;
  }

  /** Ends what is left of all lines. */
  end(): void {
    for (const { socket } of this.#lines) socket?.close();
  }

  #carries({ silent }: Line, way: Way): boolean {
    if (silent.has(way)) return false;
    if (this.#stall?.way !== way) return true;
    this.#stall.chunksLeft -= 1;
    if (this.#stall.chunksLeft > 0) return true;
    this.#stall.happened();
    this.#stall = undefined;
    this.#dialCountAtSilence = this.#dialCount;
    silent.add(way);
    return false;
  }
}

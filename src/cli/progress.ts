// A progress bar on a terminal, and nothing elsewhere: a log file wants lines, not a bar.
import type { Output } from "./output.js";

export interface Progress {
  show(done: number): void;
  end(done: number): void;
}

const WIDTH = 30;

export function createProgress(out: Output, total: number): Progress {
  const began = performance.now();
  const draw = (done: number) => {
    const filled = total === 0 ? WIDTH : Math.round((done / total) * WIDTH);
    const perSecond = Math.round(done / Math.max(0.001, (performance.now() - began) / 1_000));
    return `\r[${"#".repeat(filled)}${".".repeat(WIDTH - filled)}] ${done}/${total}, ${perSecond}/s `;
  };
  return {
    show(done) {
      if (out.isTTY) out.write(draw(done));
    },
    end(done) {
      if (out.isTTY) out.write(`${draw(done)}\n`);
    },
  };
}

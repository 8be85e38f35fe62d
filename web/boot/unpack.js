// Unpacks WebAssembly: it travels a third smaller than gzip makes it, since the plainest hosts know nothing better than
// gzip. Its code comes as strands of like things, each packed with LZMA2; `crates/xtask/src/pack/strands.rs` says what goes
// where. Written after the specifications of LZMA and of WebAssembly.
"use strict";
(() => {
  const IS_MATCH = 0;
  const IS_REP = IS_MATCH + (12 << 4);
  const IS_REP_G0 = IS_REP + 12;
  const IS_REP_G1 = IS_REP_G0 + 12;
  const IS_REP_G2 = IS_REP_G1 + 12;
  const IS_REP0_LONG = IS_REP_G2 + 12;
  const POS_SLOT = IS_REP0_LONG + (12 << 4);
  const POS_SPECIAL = POS_SLOT + (4 << 6);
  const ALIGN = POS_SPECIAL + 1 + 128 - 14;
  // A length coder: two choices, sixteen trees of eight, sixteen more, one of 256.
  const LENGTH_SIZE = 2 + (16 << 3) + (16 << 3) + 256;
  const LENGTH = ALIGN + 16;
  const REP_LENGTH = LENGTH + LENGTH_SIZE;
  const LITERAL = REP_LENGTH + LENGTH_SIZE;

  /** A strand of `size` bytes behind those of `known`, and what was learnt of how its bytes follow each other. */
  const strand = (packed, size, known) => {
    const start = known?.out.length ?? 0;
    let pos = start;
    const out = new Uint8Array(start + size);
    let lc = 0;
    let literalMask = 0;
    let posMask = 0;
    let probs;
    let state = 0;
    let [rep0, rep1, rep2, rep3] = [0, 0, 0, 0];
    if (known) {
      out.set(known.out);
      ({ lc, literalMask, posMask, state, reps: [rep0, rep1, rep2, rep3] } = known);
      probs = known.probs?.slice();
    }
    let range;
    let code;
    let next = 0;
    const two = () => {
      next += 2;
      return (packed[next - 2] << 8) | packed[next - 1];
    };

    const bit = (at) => {
      const prob = probs[at];
      const bound = (range >>> 11) * prob;
      let one;
      if (code < bound) {
        range = bound;
        probs[at] = prob + ((2048 - prob) >>> 5);
        one = 0;
      } else {
        range -= bound;
        code -= bound;
        probs[at] = prob - (prob >>> 5);
        one = 1;
      }
      if (range < 0x1000000) {
        range = (range << 8) >>> 0;
        code = ((code << 8) | packed[next++]) >>> 0;
      }
      return one;
    };
    const direct = (count) => {
      let value = 0;
      for (; count > 0; count--) {
        range >>>= 1;
        const one = code >= range ? 1 : 0;
        if (one) code -= range;
        value = (value << 1) | one;
        if (range < 0x1000000) {
          range = (range << 8) >>> 0;
          code = ((code << 8) | packed[next++]) >>> 0;
        }
      }
      return value;
    };
    const tree = (at, bits) => {
      let symbol = 1;
      for (let i = 0; i < bits; i++) symbol = (symbol << 1) | bit(at + symbol);
      return symbol - (1 << bits);
    };
    const reverseTree = (at, bits) => {
      let symbol = 1;
      let value = 0;
      for (let i = 0; i < bits; i++) {
        const one = bit(at + symbol);
        symbol = (symbol << 1) | one;
        value |= one << i;
      }
      return value;
    };
    const length = (at, posState) => {
      if (!bit(at)) return tree(at + 2 + (posState << 3), 3);
      if (!bit(at + 1)) return 8 + tree(at + 2 + 128 + (posState << 3), 3);
      return 16 + tree(at + 2 + 256, 8);
    };

    /** Unpacks up to `end`, in one run of the range coder. */
    const run = (end) => {
      while (pos < end) {
        const posState = pos & posMask;
        if (!bit(IS_MATCH + (state << 4) + posState)) {
          const before = pos > 0 ? out[pos - 1] : 0;
          const base = LITERAL + 0x300 * (((pos & literalMask) << lc) + (before >>> (8 - lc)));
          let symbol = 1;
          if (state >= 7) {
            // After a match the byte that would have come next says what this one is not.
            let other = out[pos - rep0 - 1];
            while (symbol < 0x100) {
              const expected = (other >>> 7) & 1;
              other <<= 1;
              const one = bit(base + ((1 + expected) << 8) + symbol);
              symbol = (symbol << 1) | one;
              if (expected !== one) break;
            }
          }
          while (symbol < 0x100) symbol = (symbol << 1) | bit(base + symbol);
          out[pos++] = symbol;
          state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
          continue;
        }
        let count;
        if (bit(IS_REP + state)) {
          if (!bit(IS_REP_G0 + state)) {
            if (!bit(IS_REP0_LONG + (state << 4) + posState)) {
              state = state < 7 ? 9 : 11;
              out[pos] = out[pos - rep0 - 1];
              pos++;
              continue;
            }
          } else {
            let distance = rep1;
            if (bit(IS_REP_G1 + state)) {
              distance = rep2;
              if (bit(IS_REP_G2 + state)) {
                distance = rep3;
                rep3 = rep2;
              }
              rep2 = rep1;
            }
            rep1 = rep0;
            rep0 = distance;
          }
          count = length(REP_LENGTH, posState);
          state = state < 7 ? 8 : 11;
        } else {
          rep3 = rep2;
          rep2 = rep1;
          rep1 = rep0;
          count = length(LENGTH, posState);
          state = state < 7 ? 7 : 10;
          const slot = tree(POS_SLOT + (Math.min(count, 3) << 6), 6);
          if (slot < 4) rep0 = slot;
          else {
            const bits = (slot >>> 1) - 1;
            rep0 = (2 | (slot & 1)) << bits;
            if (slot < 14) rep0 += reverseTree(POS_SPECIAL + rep0 - slot, bits);
            else rep0 += (direct(bits - 4) << 4) + reverseTree(ALIGN, 4);
          }
        }
        count += 2;
        if (rep0 < 0 || rep0 >= pos || pos + count > end) throw new Error("the packed engine is damaged");
        for (; count > 0; count--, pos++) out[pos] = out[pos - rep0 - 1];
      }
    };

    for (;;) {
      const control = packed[next++];
      if (control === undefined) throw new Error("the packed engine is cut off");
      if (control === 0) break;
      const end = pos + two() + 1 + (control < 128 ? 0 : (control & 31) << 16);
      if (end > out.length) throw new Error("the packed engine is damaged");
      if (control < 128) {
        out.set(packed.subarray(next, next + end - pos), pos);
        next += end - pos;
        pos = end;
        continue;
      }
      const size = two() + 1;
      if (control >= 192) {
        const properties = packed[next++];
        lc = properties % 9;
        const lp = Math.floor(properties / 9) % 5;
        literalMask = (1 << lp) - 1;
        posMask = (1 << Math.floor(properties / 45)) - 1;
        probs = new Uint16Array(LITERAL + (0x300 << (lc + lp)));
      }
      if (control >= 160) {
        probs.fill(1024);
        state = rep0 = rep1 = rep2 = rep3 = 0;
      }
      const then = next + size;
      range = 0xffffffff;
      code = 0;
      for (next++; next < then - size + 5; ) code = ((code << 8) | packed[next++]) >>> 0;
      run(end);
      next = then;
    }
    return { out, own: out.subarray(start), probs, lc, literalMask, posMask, state, reps: [rep0, rep1, rep2, rep3] };
  };

  const [INSTRUCTIONS, LOCALS, BRANCHES, WIDE] = [1, 2, 3, 9];

  /** The module that was taken apart into `strands`. */
  const woven = (strands) => {
    const [plain] = strands;
    const before = 260 + plain[256] + (plain[257] << 8) + (plain[258] << 16);
    const at = strands.map(() => 0);
    let to = before - 260;
    // Lengths come on top: of the code, and of each function, which has two bytes of its own at least.
    const out = new Uint8Array(strands.reduce((sum, { length }) => sum + length, 16 + 5 * strands[LOCALS].length));
    out.set(plain.subarray(260, before));

    const take = (from, count) => {
      for (; count > 0; count--) out[to++] = strands[from][at[from]++];
    };
    /** Takes a number, and answers it. */
    const number = (from) => {
      let value = 0;
      for (let shift = 0; ; shift += 7) {
        const byte = strands[from][at[from]++];
        out[to++] = byte;
        value |= (byte & 127) << shift;
        if (!(byte & 128)) return value;
      }
    };
    const numbers = (from, count) => {
      for (; count > 0; count--) number(from);
    };
    /** Writes something, and before it how long it is. */
    const measured = (write) => {
      const start = to;
      write();
      let length = to - start;
      const head = [];
      for (; length > 127; length >>>= 7) head.push((length & 127) | 128);
      head.push(length);
      out.copyWithin(start + head.length, start, to);
      out.set(head, start);
      to += head.length;
    };
    const body = () => {
      numbers(LOCALS, 2 * number(LOCALS));
      for (let depth = 0; depth >= 0; ) {
        const instruction = strands[INSTRUCTIONS][at[INSTRUCTIONS]];
        take(INSTRUCTIONS, 1);
        if (instruction >= 2 && instruction <= 4) depth++;
        if (instruction === 0x0b) depth--;
        else if (instruction === 0x0e) numbers(BRANCHES, number(BRANCHES) + 1);
        else if (instruction === 0x43) take(WIDE, 4);
        else if (instruction === 0x44) take(WIDE, 8);
        else if (instruction === 0xfc) {
          const what = number(INSTRUCTIONS);
          if (what > 7) numbers(INSTRUCTIONS, what < 16 && what % 2 === 0 ? 2 : 1);
        } else for (let shape = plain[instruction]; shape > 0; shape >>= 4) number(shape & 15);
      }
    };
    out[to++] = 10;
    measured(() => {
      for (let functions = number(LOCALS); functions > 0; functions--) measured(body);
    });
    out.set(plain.subarray(before), to);
    return out.subarray(0, to + plain.length - before);
  };

  /** How many bytes the strand has whose packing begins at `at`, and where that ends. */
  const extent = (packed, at) => {
    const two = (at) => (packed[at] << 8) | packed[at + 1];
    for (let size = 0; ; ) {
      const control = packed[at++];
      if (control === undefined) throw new Error("the packed engine is cut off");
      if (control === 0) return { size, end: at };
      const length = two(at) + 1;
      size += control < 128 ? length : length + ((control & 31) << 16);
      at += control < 128 ? 2 + length : 5 + two(at + 2) + (control < 192 ? 0 : 1);
    }
  };

  /** The module that `packed` holds, which may repeat what stands in the strands `known`, and its own strands. */
  globalThis.unpack = (packed, known = []) => {
    const strands = [];
    for (let at = 0; at < packed.length; ) {
      const { size, end } = extent(packed, at);
      strands.push(strand(packed.subarray(at, end), size, known[strands.length]));
      at = end;
    }
    return { module: woven(strands.map(({ own }) => own)), strands };
  };
})();

// SPDX-License-Identifier: Apache-2.0
// Where a stock is going, from what was seen of it.
export interface Sample {
    s: number; // when, in seconds
    value: number;
}

/** Change per second between the first and the last sample; 0 with fewer than two. */
export function rate(samples: Sample[]): number {
    const first = samples[0];
    const last = samples[samples.length - 1];

    return first === undefined || last === undefined || last.s <= first.s
        ? 0
        : (last.value - first.value) / (last.s - first.s);
}

/** Seconds until the stock is used up if it goes on like this; undefined: it does not shrink. */
export function emptyIn(samples: Sample[]): number | undefined {
    const change = rate(samples);
    const last = samples[samples.length - 1];

    return last === undefined || change >= 0 ? undefined : last.value / -change;
}

/** Samples of the last spanS seconds, with the new one; a smaller counter than before begins anew. */
export function keep(samples: Sample[], sample: Sample, spanS: number): Sample[] {
    return [...samples.filter((old) => old.s > sample.s - spanS), sample];
}

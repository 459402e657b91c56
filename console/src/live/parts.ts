// SPDX-License-Identifier: Apache-2.0
// The stock divided by the sources that it came from.
import type { Status } from '../api/centre';
import { keep, type Sample } from './forecast';

/** What there is of one source, now and lately. */
export interface Part {
    source: string; // '': of a source that is not known any more
    isQuantum: boolean;
    isSimulated: boolean;
    keys: number;
    samples: Sample[];
}

/** Each source that gives keys or has given what is there; samples go on where there were some. */
export function partsOf(status: Status, before: Part[], s: number, spanS: number): Part[] {
    const parts: Part[] = [];
    const add = (source: string, isQuantum: boolean, isSimulated: boolean, keys: number) => {
        const same = (part: Part) => part.source === source && part.isQuantum === isQuantum && part.isSimulated === isSimulated;

        if (!parts.some(same)) {
            const samples = keep(before.find(same)?.samples ?? [], { s, value: keys }, spanS);
            parts.push({ source, isQuantum, isSimulated, keys, samples });
        }
    };

    status.stock.forEach((part) => add(part.source, part.source_is_quantum, part.source_is_simulated, part.keys));
    [status, ...(status.more_sources ?? [])].forEach((one) => add(one.source, one.source_is_quantum, one.source_is_simulated, 0));
    return parts.sort((a, b) => b.keys - a.keys);
}

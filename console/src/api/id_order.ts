// SPDX-License-Identifier: Apache-2.0
const ID_MAX = 63;

/** The last id that can stand before all ids with this prefix, for a list that starts behind an id; '' for the first. */
export function justBefore(prefix: string): string {
    const last = prefix.charCodeAt(prefix.length - 1);

    return prefix === '' ? '' : (prefix.slice(0, -1) + (last > 0x21 ? String.fromCharCode(last - 1).padEnd(ID_MAX, '~') : '')).slice(0, ID_MAX);
}

// SPDX-License-Identifier: Apache-2.0
import { page } from '../language/language.svelte';
import { Refused } from './door';
import { setupTexts, type SetupText } from './texts';

/** The text for key, with {name} replaced. */
export function say(key: SetupText, values: Record<string, string | number> = {}): string {
    return setupTexts[key][page.language === 'zh' ? 1 : 0].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));
}

/** A refusal as a sentence that helps. */
export function why(error: unknown): string {
    if (!(error instanceof Refused)) {
        return String(error);
    }
    const key = `reason.${error.reason}`;

    return key in setupTexts ? say(key as SetupText, { message: error.message }) : say('reason.other', { message: error.message });
}

/** Hands the bytes to the browser as a file to be saved. */
export function save(bytes: Uint8Array, name: string, type: string) {
    const address = URL.createObjectURL(new Blob([new Uint8Array(bytes)], { type }));
    const link = document.createElement('a');

    link.href = address;
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 60000); // the browser may still ask where to
}

export const PASSPHRASE_MIN = 12;

// SPDX-License-Identifier: Apache-2.0
// A refusal as a sentence that helps.
import { Refusal } from '../api/centre';
import { t } from './language.svelte';
import { texts, type TextKey } from './texts';

export function sentence(error: unknown): string {
    if (!(error instanceof Refusal)) {
        return String(error);
    }
    const key = `refusal.${error.status}`;

    return key in texts
        ? t(key as TextKey, { message: error.message })
        : t('refusal.other', { message: error.message, status: error.status });
}

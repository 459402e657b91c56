// SPDX-License-Identifier: Apache-2.0
// The language and the colours of the page: the browser's until somebody chooses; a choice is remembered in this browser.
import { texts, type TextKey } from './texts';

export type Language = 'en' | 'zh';
export type Theme = 'light' | 'dark';

function remembered<T extends string>(name: string, allowed: readonly T[]): T | undefined {
    try {
        return allowed.find((value) => value === localStorage.getItem(name));
    } catch {
        return undefined; // a browser that keeps nothing
    }
}

function remember(name: string, value: string) {
    try {
        localStorage.setItem(name, value);
    } catch {
        // as above: the choice ends with the page
    }
}

export const page = $state({
    language: remembered('qwave-language', ['en', 'zh'] as const) ?? (navigator.language.startsWith('zh') ? 'zh' : 'en'),
    theme:
        remembered('qwave-theme', ['light', 'dark'] as const) ??
        (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'),
});

/** At once, and before anything is drawn: a chart takes its colours from here. */
function apply() {
    document.documentElement.lang = page.language === 'zh' ? 'zh-CN' : 'en';
    document.documentElement.dataset.theme = page.theme;
}
apply();

export function chooseLanguage(language: Language) {
    page.language = language;
    apply();
    remember('qwave-language', language);
}

export function chooseTheme(theme: Theme) {
    page.theme = theme;
    apply();
    remember('qwave-theme', theme);
}

/** The text for key, with {name} replaced. */
export function t(key: TextKey, values: Record<string, string | number> = {}): string {
    return texts[key][page.language === 'zh' ? 1 : 0].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));
}

/** The text for a word of the centre; the word itself when the page has none for it. */
export function word(prefix: 'state' | 'kind' | 'role' | 'result', value: string | number): string {
    const key = `${prefix}.${value}`;

    return key in texts ? t(key as TextKey) : String(value);
}

const locale = () => (page.language === 'zh' ? 'zh-CN' : 'en-GB');

export function number(value: number, digits = 0): string {
    return value.toLocaleString(locale(), { maximumFractionDigits: digits });
}

/** An amount of key, in the unit that suits it. */
export function bits(value: number, unit: 'bit' | 'bit/s' = 'bit'): string {
    const steps = [['G', 1e9], ['M', 1e6], ['k', 1e3], ['', 1]] as const;
    const [prefix, size] = steps.find(([, least]) => value >= least) ?? steps[3];

    return `${number(value / size, 1)} ${prefix}${unit}`;
}

export function time(ms: number): string {
    return new Date(ms).toLocaleString(locale(), { dateStyle: 'short', timeStyle: 'medium' });
}

/** In the largest unit that is not below one. */
export function duration(seconds: number): string {
    const steps = [
        ['day', 86400],
        ['hour', 3600],
        ['minute', 60],
        ['second', 1],
    ] as const;
    const [unit, length] = steps.find(([, s]) => seconds >= s) ?? steps[3];

    return (seconds / length).toLocaleString(locale(), { style: 'unit', unit, unitDisplay: 'long', maximumFractionDigits: 1 });
}

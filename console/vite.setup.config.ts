// SPDX-License-Identifier: Apache-2.0
// The page of `qwave init --page`: a page of its own, so that the console does not carry it.
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

export default defineConfig({
    base: '/setup/',
    plugins: [svelte()],
    build: {
        outDir: '../build/console/setup',
        emptyOutDir: true,
        target: 'es2022',
        assetsInlineLimit: 0, // data: URLs are not in the page's content security policy
        modulePreload: { polyfill: false },
        reportCompressedSize: false,
        rollupOptions: { input: 'setup.html' },
    },
});

// SPDX-License-Identifier: Apache-2.0
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

export default defineConfig({
    base: '/console/',
    plugins: [svelte()],
    build: {
        outDir: '../build/console/files',
        emptyOutDir: true,
        target: 'es2022',
        assetsInlineLimit: 0, // data: URLs are not in the page's content security policy
        modulePreload: { polyfill: false },
        reportCompressedSize: false,
    },
});

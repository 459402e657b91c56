// SPDX-License-Identifier: Apache-2.0
import { mount } from 'svelte';
import '../page.css';
import Setup from './Setup.svelte';

mount(Setup, { target: document.getElementById('page')! });

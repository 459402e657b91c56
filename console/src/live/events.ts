// SPDX-License-Identifier: Apache-2.0
// What the centre says by itself (docs/protocol/events.md), as long as somebody listens and the tab is seen.
import { get } from '../api/centre';

type Listener = (data: string) => void;

const AGAIN_MS = 3000;
const listeners = new Map<string, Set<Listener>>();
const troubled = new Set<(error: unknown) => void>();
let source: EventSource | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;

/** A browser does not say why a stream was refused; a plain call does. */
function explain() {
    get('/v1/status').catch((error: unknown) => troubled.forEach((tell) => tell(error)));
}

function open() {
    timer = undefined;
    source = new EventSource('/v1/events');
    for (const name of listeners.keys()) {
        source.addEventListener(name, hear);
    }
    source.onerror = () => {
        if (source?.readyState === EventSource.CLOSED) {
            close();
            explain();
            timer = setTimeout(open, AGAIN_MS);
        }
    };
}

function hear(event: MessageEvent<string>) {
    listeners.get(event.type)?.forEach((listener) => listener(event.data));
}

function close() {
    source?.close();
    source = undefined;
    clearTimeout(timer);
    timer = undefined;
}

function look() {
    const wanted = !document.hidden && [...listeners.values()].some((set) => set.size > 0);

    if (wanted && source === undefined && timer === undefined) {
        open();
    } else if (!wanted) {
        close();
    }
}
document.addEventListener('visibilitychange', look);

/** Calls tell with the data of each event of that name; trouble when the centre refuses. Returns what ends it. */
export function listen(name: string, tell: Listener, trouble: (error: unknown) => void): () => void {
    const heard = listeners.get(name) ?? new Set();

    if (!listeners.has(name)) {
        listeners.set(name, heard);
        source?.addEventListener(name, hear);
    }
    heard.add(tell);
    troubled.add(trouble);
    look();
    return () => {
        heard.delete(tell);
        troubled.delete(trouble);
        look();
    };
}

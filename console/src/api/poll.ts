// SPDX-License-Identifier: Apache-2.0
// Asks again and again while somebody looks: not in a hidden tab, and never twice at a time.
export function poll(everyMs: number, ask: () => Promise<void>): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let ended = false;

    async function turn() {
        timer = undefined;
        await ask();
        if (!ended && !document.hidden) {
            timer = setTimeout(turn, everyMs);
        }
    }
    function seen() {
        if (!document.hidden && timer === undefined && !ended) {
            void turn();
        }
    }
    document.addEventListener('visibilitychange', seen);
    void turn();
    return () => {
        ended = true;
        clearTimeout(timer);
        document.removeEventListener('visibilitychange', seen);
    };
}

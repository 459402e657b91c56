/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "demo/story.h"

#include "base/clock.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

enum { SHOW_AFTER_MS = 500, WHEEL = 4 };

/* One story per process: the terminal it is told on is one as well. */
static struct {
    bool is_quiet;
    bool on_screen;
    int64_t start_ms;
    int64_t progress_ms; /* when the present wait began; 0: none */
    unsigned turn;
} teller;

void story_begin(bool quiet)
{
    teller.is_quiet = quiet;
    teller.start_ms = qw_clock_monotonic_ms();
    teller.progress_ms = 0;
}

void story(const char *format, ...)
{
    va_list arguments;

    if (teller.is_quiet) {
        return;
    }
    printf("%6.1f s  ", (double)(qw_clock_monotonic_ms() - teller.start_ms) / 1000);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
    fflush(stdout);
}

void story_progress(const char *what, unsigned long count)
{
    static const char wheel[WHEEL] = { '|', '/', '-', '\\' };
    int64_t now_ms = qw_clock_monotonic_ms();

    if (teller.progress_ms == 0) {
        teller.progress_ms = now_ms;
    }
    if (isatty(STDERR_FILENO) == 0 || now_ms - teller.progress_ms < SHOW_AFTER_MS) {
        return;
    }
    fprintf(stderr, "\r          %c %s: %lu ", wheel[teller.turn++ % WHEEL], what, count);
    fflush(stderr);
    teller.on_screen = true;
}

void story_progress_end(void)
{
    if (teller.on_screen) {
        fprintf(stderr, "\r%60s\r", "");
        fflush(stderr);
    }
    teller.on_screen = false;
    teller.progress_ms = 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_DEMO_STORY_H
#define QWAVE_DEMO_STORY_H

#include <stdbool.h>

/* What the demo tells: plain lines on standard output with the seconds since the start, and a
 * moving line on standard error while something takes long and somebody watches (a terminal). */
void story_begin(bool quiet);
void story(const char *format, ...) __attribute__((format(printf, 1, 2)));
void story_progress(const char *what, unsigned long count);
void story_progress_end(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_SOURCE_STREAM_READER_H
#define QWAVED_SOURCE_STREAM_READER_H

#include "source/link_half.h"
#include "source/stream_settings.h"

#include <stdbool.h>
#include <stdint.h>

/* Our end of a key stream of another's network, read block by block into what is ours of it: steps
 * K1 to K6 of docs/protocol/stream-source.md, one at a time and without a thread. */
struct stream_reader;

/* Borrows settings and half. QW_ERR_NOMEM, QW_ERR_IO (no randomness). */
qw_err stream_reader_new(const struct stream_settings *settings, struct link_half *half,
                         struct stream_reader **reader) QW_MUST_USE;
void stream_reader_free(struct stream_reader *reader); /* hangs up, wipes; NULL is fine */

enum stream_pause { /* before the next step */
                    STREAM_PAUSE_NONE,
                    STREAM_PAUSE_SHORT,  /* nothing to have just now */
                    STREAM_PAUSE_FAILED, /* may go away by itself */
                    STREAM_PAUSE_LASTING /* a person has to put it right */
};

struct stream_step {
    enum stream_pause pause;
    bool has_key;       /* a chunk came */
    const char *reason; /* static; why nothing comes; NULL: nothing wrong so far as is known */
};

/* Connects, opens, or reads one chunk, whatever is next; takes as long as settings allow for one
 * call or connection. unix_s: now. */
struct stream_step stream_reader_step(struct stream_reader *reader, int64_t unix_s);

#endif

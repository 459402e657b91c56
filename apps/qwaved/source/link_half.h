/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_SOURCE_LINK_HALF_H
#define QWAVED_SOURCE_LINK_HALF_H

#include "crypto/key_source.h"
#include "qkd/handover/mark.h"
#include "qkd/handover/message.h"
#include "qkd/key_buffer.h"
#include "source/link_pads.h"

#include <stdbool.h>

/* What a centre keeps of keys that the centre at the other end has as well: its own half, each once
 * [docs/protocol/link-source.md C2, P1]. Whoever puts keys in is one thread; takers come from any.
 */
enum { LINK_HALF_PATH_CAP = 1024 + 16 };

struct link_half_config {
    const char *name;      /* 1..59 characters */
    const char *mark_path; /* of the newest key that was taken; made with the first */
    size_t buffer_len;     /* bytes that wait for the store */
    bool is_simulated;
    bool has_pads; /* a part of each key is for the centre at the other end */
};

struct link_half {
    char mark_path[LINK_HALF_PATH_CAP];
    struct qw_qkd_key_buffer *keys;
    struct qw_key_source source; /* of keys, with the label of a link */
    struct link_pads *pads;      /* NULL: all of our half is stock */
    struct qw_handover_mark mark;
};

/* Copies the config. QW_ERR_ARG: name or path too long; QW_ERR_FORMAT: the mark is none;
 * QW_ERR_REFUSED: others may read it; QW_ERR_IO, QW_ERR_NOMEM. Then it is closed already. It stays
 * where it is until it is closed. */
qw_err link_half_open(struct link_half *half, const struct link_half_config *config) QW_MUST_USE;
void link_half_close(struct link_half *half); /* wipes; a zeroed one is fine */

/* Whether the half of a key of key_len bytes fits. */
bool link_half_has_room(const struct link_half *half, size_t key_len);

/* The mark is on disk before a bit can leave. end: enum qw_qkd_end, whose half it is. QW_OK with an
 * enum qw_handover_result; else the mark cannot be written, and nothing is kept. */
qw_err link_half_take(struct link_half *half, const struct qw_handover_key *key, uint8_t end,
                      uint8_t *result) QW_MUST_USE;

#endif

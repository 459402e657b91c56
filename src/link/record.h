/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_RECORD_H
#define QW_LINK_RECORD_H

#include "base/error.h"
#include "link/key_sink.h"
#include "link/machine.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What an agent knows of one link, as it survives a crash: one file for each, replaced as a whole,
 * sealed under the agent's vault key. Bytes: docs/design/link.md. */
struct qw_link_record { /* holds secrets */
    enum qw_link_state state;
    uint64_t turn;        /* of the last rotation that was begun */
    bool has_key;         /* key is valid: what senders use; from RETIRE on that is the new one */
    bool has_other;       /* other is valid: the next one, in RETIRE the last one */
    int64_t since_utc_ms; /* when key was first used */
    struct qw_link_key key, other;
};

enum { QW_LINK_VAULT_KEY_LEN = 32, QW_LINK_RECORD_LEN = 4 + 1 + 8 + 1 + 8 + 2 * 48 };

void qw_link_record_encode(const struct qw_link_record *record,
                           uint8_t out[static QW_LINK_RECORD_LEN]);
/* QW_ERR_FORMAT: not exactly one record in a state that can be; record is then untouched. */
qw_err qw_link_record_decode(const uint8_t *data, size_t len,
                             struct qw_link_record *record) QW_MUST_USE;

/* path belongs to the link called name: a file that was moved to another link's place is not
 * opened. After QW_OK it survives a power cut; after QW_ERR_IO the old one is there. */
qw_err qw_link_record_save(const char *path, const char *name,
                           const uint8_t vault_key[static QW_LINK_VAULT_KEY_LEN],
                           const struct qw_link_record *record) QW_MUST_USE;
/* QW_ERR_NOT_FOUND; QW_ERR_AUTH: altered, another vault key, another link's; QW_ERR_FORMAT,
 * QW_ERR_REFUSED: others have rights on it, QW_ERR_IO. record is untouched on failure. */
qw_err qw_link_record_load(const char *path, const char *name,
                           const uint8_t vault_key[static QW_LINK_VAULT_KEY_LEN],
                           struct qw_link_record *record) QW_MUST_USE;

#endif

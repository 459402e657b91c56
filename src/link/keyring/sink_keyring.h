/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_KEYRING_SINK_KEYRING_H
#define QW_LINK_KEYRING_SINK_KEYRING_H

#include "base/log.h"
#include "link/key_sink.h"

#include <stdint.h>

/* The keys of a link in the kernel, for programs of one's own and for users of keys inside it: no
 * file, no page of a disk. In the keyring of one user stands a keyring NAME with
 *
 *   NAME:current      32 bytes, what senders use       NAME:current-id   its key id, as text
 *   NAME:other        the other key that receivers     NAME:other-id     its key id
 *                     accept, while there is one
 *
 * A change makes a new keyring with all of these, which takes the old one's place in one step: who
 * looks NAME up once sees keys and ids that belong together. Keys of before are invalidated, so a
 * reader that was just looking starts again. Nothing may pass: there is no keyring NAME. */
enum { QW_KEYRING_NAME_CAP = 192 };

struct qw_sink_keyring_config { /* copied, but for log */
    const char *name;
    bool is_logon;            /* keys can be used inside the kernel only; else type "user" */
    uint32_t uid;             /* whose they are; another's needs CAP_SYS_ADMIN and CAP_SETUID */
    int64_t life_ms;          /* the kernel forgets a key that is in use so long; 0: never */
    int64_t (*now_ms)(void);  /* qw_clock_monotonic_ms, but for tests */
    const struct qw_log *log; /* says once why the kernel takes no key */
};

/* QW_ERR_ARG: no name, or an over-long one; QW_ERR_NOMEM. Verbs: errors of
 * link/keyring/kernel_keys.h. */
qw_err qw_sink_keyring(const struct qw_sink_keyring_config *config,
                       struct qw_key_sink *sink) QW_MUST_USE;

#endif

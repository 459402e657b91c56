/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_KEY_SINK_H
#define QW_LINK_KEY_SINK_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* What takes the keys of one link: a tunnel daemon, a file that a daemon reads. A sink knows two
 * keys at most, the one that senders use and the next (or the last) one. Every verb may be said
 * again with the same key and then changes nothing: after a crash nobody knows whether it was done.
 * Keys are borrowed for the call. One thread at a time. Errors: what stands in the way, in
 * qw_err; the keys in use before go on. */
enum { QW_LINK_KEY_LEN = 32 };

struct qw_link_key { /* a secret */
    uint8_t id[16];
    uint8_t bytes[QW_LINK_KEY_LEN];
};

struct qw_key_sink {
    const char *kind; /* static text: "psk-file" */
    void *self;
    /* Receivers accept next beside current; senders go on with current. current NULL: there was
     * none. */
    qw_err (*prepare)(void *self, const struct qw_link_key *current,
                      const struct qw_link_key *next);
    /* One exchange with the peer that only next protects. NULL: the sink cannot, the proof of the
     * control channel has to do. Only the initiator's is called. */
    qw_err (*probe)(void *self, const struct qw_link_key *next);
    /* Senders use next; receivers still accept last (NULL: there was none). */
    qw_err (*promote)(void *self, const struct qw_link_key *next, const struct qw_link_key *last);
    /* Only current is left, for senders and receivers: the end of a rotation, or of one that was
     * given up. */
    qw_err (*settle)(void *self, const struct qw_link_key *current);
    /* Nothing passes: a random key that nobody has, or no connection. Before the first key, and
     * when the policy says so. */
    qw_err (*block)(void *self);
    /* Looks whether what the last verb did is still so, while nothing changes and while nothing
     * passes, and does it again where it is not. QW_ERR_CONFLICT: another hand had undone it, and
     * it is done again. NULL: nobody else has a hand there. */
    qw_err (*keep)(void *self);
    /* Bytes protected under the key in use, both ways, by the last look; NULL or UINT64_MAX: not
     * known. */
    uint64_t (*bytes)(void *self);
    /* false: the tunnel does not work although both ends have the key; where there is a keep, by
     * that. NULL: not known. */
    bool (*is_well)(void *self);
    /* What stood in the way when the last verb failed with err, in words for a person: static text.
     * NULL, the function or the text: the error says it all. */
    const char *(*why)(void *self, qw_err err);
    void (*close)(void *self); /* wipes; keys that run go on */
};

#endif

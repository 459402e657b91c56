/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_PSK_KEYS_H
#define QW_API_PSK_KEYS_H

#include "base/error.h"

#include <stdint.h>

/* Where a server of TLS with pre-shared keys finds them [docs/protocol/skip.md S2 to S7]. */
enum { QW_PSK_LEN = 32, QW_PSK_ID_CAP = 64 };

struct qw_psk { /* a secret, wiped by its owner */
    uint8_t key[QW_PSK_LEN];
    uint8_t name[32]; /* public: of this key of this identity, for the journal */
};

struct qw_psk_keys { /* every function is called from several threads */
    void *self;
    const char *prefix; /* what makes an identity out of the id of a PSK: "urn:qwave:sae:" */
    /* QW_ERR_NOT_FOUND: none of this id, or it was revoked. Others: nobody can know now. */
    qw_err (*find)(void *self, const char *id, struct qw_psk *psk);
    /* A client at address has proved that it has the key with this name; anything but QW_OK ends
     * its connection before a byte of it is served. */
    qw_err (*note)(void *self, const char *id, const uint8_t name[static 32], const char *address);
    /* A number that grows whenever a key that was there may be gone. */
    uint64_t (*changes)(void *self);
};

#endif

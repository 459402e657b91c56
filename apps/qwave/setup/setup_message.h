/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_SETUP_SETUP_MESSAGE_H
#define QWAVE_SETUP_SETUP_MESSAGE_H

#include "base/error.h"
#include "crypto/share/share.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the set-up page sends: bodies of POST, JSON [docs/protocol/setup-page.md]. Everything is
 * checked here; what is not named there is ignored. QW_ERR_FORMAT, and the output is untouched, or
 * zero where it holds a secret. */
enum {
    SETUP_CODE_CAP = 64,
    SETUP_CENTRE_ID_CAP = 41,
    SETUP_PASSPHRASE_MIN = 12, /* as base/passphrase_file.h asks */
    SETUP_PASSPHRASE_CAP = 129
};

enum setup_custody {
    SETUP_PASSPHRASE_FILE,
    SETUP_QUORUM,
    SETUP_TPM2,
    SETUP_PKCS11,
    SETUP_CUSTODY_COUNT
};
extern const char *const setup_custody_names[SETUP_CUSTODY_COUNT];

/* OPEN {"code"} */
qw_err setup_open_decode(const uint8_t *body, size_t len,
                         char code[static SETUP_CODE_CAP]) QW_MUST_USE;

struct setup_choice { /* CHOICE {"centre_id", "custody", "officers", "quorum", "dual_control"} */
    char centre_id[SETUP_CENTRE_ID_CAP];
    enum setup_custody custody;
    unsigned officers, quorum; /* of SETUP_QUORUM: 2..16, 2..officers; else 0 */
    bool dual_control;
};
qw_err setup_choice_decode(const uint8_t *body, size_t len,
                           struct setup_choice *choice) QW_MUST_USE;

/* TAKE {"officer"}: 1..16 */
qw_err setup_take_decode(const uint8_t *body, size_t len, unsigned *officer) QW_MUST_USE;

struct setup_entry { /* ENTRY {"officer", "share"}; secret memory */
    unsigned officer;
    uint8_t share[QW_SHARE_LEN];
    size_t share_len;
};
qw_err setup_entry_decode(const uint8_t *body, size_t len, struct setup_entry *entry) QW_MUST_USE;

struct setup_bundle { /* CERTIFICATE {"officer", "passphrase"}; secret memory */
    char officer[32];
    char passphrase[SETUP_PASSPHRASE_CAP];
};
qw_err setup_bundle_decode(const uint8_t *body, size_t len,
                           struct setup_bundle *bundle) QW_MUST_USE;

#endif

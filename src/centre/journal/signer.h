/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_JOURNAL_SIGNER_H
#define QW_CENTRE_JOURNAL_SIGNER_H

#include "base/error.h"
#include "crypto/signature/signature.h"
#include "store/audit.h"
#include "store/journal/signed_head.h"

#include <stdbool.h>
#include <stdint.h>

/* The centre signs the head of its own journal [C10; J1 to J4 of docs/protocol/journal.md]. A
 * signature is the last record of a group that is written anyway, so a key that leaves waits for no
 * write of its own. Everything here under the centre's mutex. */
struct qw_centre;
struct qw_group;

struct qw_signer {              /* part of struct qw_centre */
    struct qw_signing_key *key; /* NULL: not unsealed */
    uint64_t signed_seq;        /* number of the last record that needs no signature */
    int64_t unsigned_since_ms;  /* monotonic, while there is a later one */
    struct qw_signed_head last; /* seq 0: none in this process yet */
};

/* Adds which configuration holds from this group on; zero: nothing. */
void qw_journal_note_configuration(struct qw_group *group, const uint8_t hash[static 32]);

/* Adds what a start writes about itself to the group of that start: the hash of the configuration,
 * and the journal's key when it is a new one. QW_ERR_ARG: the key is of another algorithm than the
 * configuration says. */
qw_err qw_signer_open(struct qw_centre *centre, struct qw_group *group) QW_MUST_USE;
/* Reads the key again, because another process may have exchanged it. On failure all is as before.
 */
qw_err qw_signer_reload(struct qw_centre *centre) QW_MUST_USE;
/* A new key in place of the one there, which signs it as its last deed (J8). QW_ERR_IO: the new one
 * is not in use, or it is and the next group says so. */
struct qw_deed;
qw_err qw_signer_rotate(struct qw_centre *centre, const struct qw_deed *deed) QW_MUST_USE;
void qw_signer_close(struct qw_signer *signer); /* wipes the key */

/* Whether the group that would bring the journal to where audit stands has to end with a signature;
 * is_wanted: the caller asks for one. */
bool qw_signer_is_due(const struct qw_centre *centre, const struct qw_audit *audit, bool is_wanted);
/* A group has become durable. head: its signature, NULL when it had none. */
void qw_signer_committed(struct qw_centre *centre, const struct qw_signed_head *head);

/* Signs what is not signed yet, as a group of its own when there is something: at the end of
 * service, or because somebody asks for the head. */
qw_err qw_signer_sign(struct qw_centre *centre) QW_MUST_USE;
/* The same when the oldest unsigned record has waited long enough, and without any when the last
 * group could not be written: a signature finds out whether the next one can. Not under the mutex.
 */
qw_err qw_signer_sweep(struct qw_centre *centre) QW_MUST_USE;

#endif

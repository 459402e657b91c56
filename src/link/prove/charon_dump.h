/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_PROVE_CHARON_DUMP_H
#define QW_LINK_PROVE_CHARON_DUMP_H

#include "crypto/ipsec/prf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that charon logs in a head and rows of sixteen, of one thread; another may write between
 * them. */
enum qw_charon_dump_kind {
    QW_CHARON_NONE,
    QW_CHARON_SECRET, /* g^ir of an exchange that makes an IKE_SA */
    QW_CHARON_SK_D,
    QW_CHARON_SK_AI, /* keys of the IKE_SA's own messages */
    QW_CHARON_SK_AR,
    QW_CHARON_SK_EI,
    QW_CHARON_SK_ER,
    QW_CHARON_SEED /* of a CHILD_SA's keys */
};

struct qw_charon_dump {
    enum qw_charon_dump_kind kind; /* what the rows to come belong to */
    size_t len, got;
    uint8_t bytes[QW_IPSEC_SEED_MAX]; /* secret */
};

/* Whether the text is the head of a dump that counts; then its rows are awaited. */
bool qw_charon_dump_open(struct qw_charon_dump *dump, const char *text);

/* The next row of a dump that is open. True with the last one: len bytes are whole. What is no
 * such row closes the dump, and it was nothing. */
bool qw_charon_dump_add(struct qw_charon_dump *dump, const char *text);

/* Closes and wipes. */
void qw_charon_dump_close(struct qw_charon_dump *dump);

#endif

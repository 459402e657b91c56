/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_PROVE_CHARON_LOG_H
#define QW_LINK_PROVE_CHARON_LOG_H

#include "base/error.h"
#include "crypto/ipsec/ike_open.h"
#include "crypto/ipsec/prf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the log of one end's charon (ike = 4, chd = 4, ike_name = yes) says about its SAs: the
 * secrets from before the PPK and what is public. The log also holds the PPK and everything behind
 * it; none of that is read. */
enum {
    QW_CHARON_LINE_CAP = 1024, /* longer lines are cut: nothing that counts is so long */
    QW_CHARON_NAME_CAP = 256,
    QW_CHARON_SAS_MAX = 1 << 14
};

struct qw_charon_ike { /* an IKE_SA */
    uint32_t run, id;  /* which start of the daemon, and its unique id there */
    bool is_known;     /* SK_d' was seen, or the SA came out of another */
    bool is_rekeyed;   /* by CREATE_CHILD_SA from another IKE_SA: SK_d' is not its own */
    bool is_initiator; /* this end began the exchange that made it */
    bool has_prf, has_suite;
    enum qw_ipsec_prf prf;
    struct qw_ipsec_suite suite;       /* of its own messages */
    char proposal[QW_CHARON_NAME_CAP]; /* as chosen, for what is not supported */
    char ppk_id[QW_CHARON_NAME_CAP];   /* "": none was used */
    /* Of one that was not rekeyed: SK_d' and the keys of its own messages, which a PPK does not
     * change [RFC 8784 3]. */
    uint8_t sk_d[QW_IPSEC_PRF_LEN_MAX];
    size_t sk_d_len;                            /* 0: not known */
    struct qw_ike_key keys[2];                  /* of who began it, of the other */
    size_t encryption_len[2], integrity_len[2]; /* 0: not seen */
    /* Of a rekeyed one: the exchange that made it. */
    size_t parent;       /* index of the other, always lower */
    uint32_t message_id; /* under that */
    size_t secret_len;
    uint8_t *secret; /* g^ir; owned; NULL: not seen */
};

struct qw_charon_child { /* a CHILD_SA */
    size_t ike;          /* index of the IKE_SA whose SK_d it comes from */
    bool is_initiator;   /* this end began the exchange that made it */
    bool has_suite;      /* else its packets are of one that is not supported */
    struct qw_ipsec_suite suite;
    char proposal[QW_CHARON_NAME_CAP];
    uint32_t spi_in, spi_out; /* towards this end, away from it */
    size_t seed_len;
    uint8_t *seed; /* [g^ir] Ni Nr; owned */
};

struct qw_charon_log; /* one thread at a time; memory as large as the SAs it has seen */

/* QW_ERR_NOMEM. */
qw_err qw_charon_log_new(struct qw_charon_log **out) QW_MUST_USE;

/* NULL is fine; wipes. */
void qw_charon_log_free(struct qw_charon_log *log);

/* The next line, NUL-terminated, without its end. What is not charon's is passed over.
 * QW_ERR_NOMEM, QW_ERR_LIMIT (more than QW_CHARON_SAS_MAX of one kind): the log is then unfit. */
qw_err qw_charon_log_line(struct qw_charon_log *log, const char *line) QW_MUST_USE;

/* What has been seen, in the order of the log; borrowed until the next line. */
const struct qw_charon_ike *qw_charon_log_ikes(const struct qw_charon_log *log, size_t *count);
const struct qw_charon_child *qw_charon_log_children(const struct qw_charon_log *log,
                                                     size_t *count);

/* Some IKE_SA came out of another: the exchange that made it must be looked for in the capture. */
bool qw_charon_log_has_rekeyed(const struct qw_charon_log *log);

/* Secrets stood in lines that do not say to which IKE_SA they belong: ike_name is missing. */
bool qw_charon_log_lacks_names(const struct qw_charon_log *log);

#endif

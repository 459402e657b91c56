/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_CENTRE_FOLDER_H
#define QWAVE_CENTRE_FOLDER_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct qw_ceremony;
struct qw_store;

/* What `qwave init` makes. Every file is 0600, every folder 0700:
 *   qwaved.yaml, passphrase, centre.db           the centre: its settings, master passphrase and
 *   store, with the authority's key sealed in it
 *   ca/ca.pem, ca/ca-sm2.pem, ca/revoked.pem     certificates of the authority, its revocations
 *   tls/centre.pem, .key                         the centre's server certificate
 *   operator/operator.yaml, .pem, .key           the first operator
 *   officers/NAME.yaml, .pem, .key               three administrators
 *   operator/station.card, station.passphrase    the first charging station's own card */
struct centre_folder_config {
    const char *folder;    /* must not exist, or be empty */
    const char *centre_id; /* 1..40 letters, digits, '-' */
    const char *address;   /* numeric, where qwaved will listen */
    uint16_t port;         /* 0: chosen when qwaved starts */
    const char *source;    /* "best", "kernel" */
    unsigned officers;     /* who hold shares of the master key; 0: another custody */
    unsigned quorum;       /* of them open the centre */
    const char *const *officer_passphrases; /* a file for each officer  [officers] */
    bool dual_control;       /* two officers for destroying a device, or adding an officer */
    unsigned profiles;       /* bits 1 << enum qw_certificate_profile; 0: P-256 */
    const char *signature;   /* of the journal: "p256", "sm2"; NULL: "p256" */
    const char *database;    /* "postgresql://..."; NULL: centre.db in the folder */
    const uint8_t *founding; /* that database was begun for this centre (store/postgres_founding.h),
                                under this id  [QW_FOUNDING_ID_LEN]; NULL: its tables are made */
    const char *custody; /* lines of the settings about it; NULL: a passphrase file of the folder
                          */
    const char *place;   /* absolute, where the folder will be moved to: what its settings name;
                            NULL: it stays */
    const struct qw_ceremony *held; /* the ceremony of the officers was held already; NULL: it is
                                       held here */
    const uint8_t *master;          /* its master key, in secret memory  [QW_MASTER_KEY_LEN] */
    qw_err (*record)(void *self, const struct qw_store *store); /* the last step, with the books
                              closed: what is to be in the journal besides; NULL: nothing */
    void *self;
};

enum { CENTRE_FOLDER_ERROR_CAP = 512 };
/* A key sealed by a TPM has its recovery secret in the file "recovery" of the folder.
 * QW_ERR_CONFLICT: something is there already. error says what happened in one sentence. */
qw_err centre_folder_create(const struct centre_folder_config *config,
                            char error[static CENTRE_FOLDER_ERROR_CAP]) QW_MUST_USE;

/* A passphrase of 256 random bits, as text in a new file. */
qw_err passphrase_file_create(const char *path) QW_MUST_USE;

#endif

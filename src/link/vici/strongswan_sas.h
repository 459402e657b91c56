/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_VICI_STRONGSWAN_SAS_H
#define QW_LINK_VICI_STRONGSWAN_SAS_H

#include "link/vici/strongswan_tally.h"
#include "link/vici/swanctl_conf.h"
#include "link/vici/vici_client.h"

#include <stdbool.h>
#include <stdint.h>

/* What of one link is in the daemon. Names of a link are CONNECTION and CONNECTION.KEY-ID. */
enum { QW_STRONGSWAN_NAME_CAP = QW_SWANCTL_NAME_CAP + 37, QW_STRONGSWAN_SAS_MAX = 64 };

/* Is it one of the connection's? */
bool qw_strongswan_is_ours(const char *connection, const char *name);

struct qw_strongswan_sa {
    char name[QW_STRONGSWAN_NAME_CAP];
    char unique_id[12]; /* decimal */
    bool is_working;    /* established under a PPK, with all children in place */
};

struct qw_strongswan_sas {
    struct qw_strongswan_tally *tally; /* borrowed; what the SAs have passed goes to it; NULL: to
                                          nobody */
    size_t count;                      /* further ones are left out */
    struct qw_strongswan_sa sas[QW_STRONGSWAN_SAS_MAX];
};

/* The connection's IKE_SAs, in whatever state. only: those of this name, NULL: all. Errors of
 * qw_vici_do; sas is then of no use. */
qw_err qw_strongswan_sas_list(struct qw_vici_client *client, const char *name,
                              const struct qw_swanctl_connection *connection, const char *only,
                              struct qw_strongswan_sas *sas) QW_MUST_USE;

struct qw_strongswan_names {
    size_t count; /* further ones are left out */
    char names[QW_STRONGSWAN_SAS_MAX][QW_STRONGSWAN_NAME_CAP];
};

/* The connection's names among the keys ("get-shared") or connections ("get-conns") that are
 * loaded. */
qw_err qw_strongswan_names_list(struct qw_vici_client *client, const char *command,
                                const char *connection,
                                struct qw_strongswan_names *names) QW_MUST_USE;
bool qw_strongswan_has_name(const struct qw_strongswan_names *names, const char *name);

#endif

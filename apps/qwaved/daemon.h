/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_DAEMON_H
#define QWAVED_DAEMON_H

#include "api/http_connection_set.h"
#include "api/http_server.h"
#include "base/log.h"
#include "centre/centre.h"
#include "certificates/publisher.h"
#include "crypto/key_source.h"
#include "custody_port.h"
#include "events.h"
#include "login/login_door.h"
#include "metrics/request_log.h"
#include "metrics/tls_counts.h"
#include "network_board.h"
#include "partners.h"
#include "psk_door.h"
#include "public/public_door.h"
#include "reload/reload_switch.h"
#include "router.h"
#include "seal/seal_switch.h"
#include "settings.h"
#include "shipping/shipper.h"
#include "source/more_sources.h"
#include "source_gate.h"
#include "streams.h"
#include "upkeep.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct listeners { /* while the centre is open; NULL, or zeroed: there is none */
    struct qw_http_server *clients, *partners;
    struct streams streams;
    struct psk_door psk_door;
    struct public_door public_door;
    struct login_door login_door;
};

/* What the daemon holds; opened and closed as a whole. */
struct daemon {
    struct settings settings; /* in force; a reload changes what may change */
    const char *settings_path;
    int64_t started_ms;
    uint8_t configuration_hash[32]; /* SHA-256 of the file the settings are from */
    struct qw_log log;
    struct qw_custody custody; /* until the centre is open */
    struct custody_keeper custody_keeper;
    struct source_gate gate;
    struct qw_key_source source; /* behind the gate */
    struct more_sources more;    /* beside it */
    struct qw_store store;
    struct qw_high_mark *mark; /* NULL: none */
    struct partners *partners; /* NULL: none */
    struct qw_centre *centre;
    struct qw_secret_pool *secrets;
    struct qw_rate_limit *rate;
    struct request_log *requests;
    struct publisher publisher;
    struct events *events;
    struct network_board *networks;
    char status_url[SETTINGS_URL_CAP + 8];
    char process[81]; /* which one, where several share a database */
    struct service service, partner_service;
    struct listeners listeners;
    struct tls_counts failures;                             /* since the program began */
    atomic_int_fast64_t requests_per_s, certificate_ends_s; /* see struct service */
    struct reload_switch reload;
    pthread_mutex_t reload_mutex; /* one reload after the other, and none when it ends */
    bool is_serving;              /* under that mutex */
    struct seal_switch seal;      /* custody: quorum */
    pthread_t main;
    int listener;  /* custody: quorum, over every sealing: nobody takes its port between; 0: none */
    uint16_t port; /* of the listener */
    bool must_seal; /* once more from the beginning */
};

/* Everything up to the centre and what its service needs; what fails is in the log. QW_ERR_CLOSED:
 * told to end while sealed. _close in any case. */
/* Bytes of locked memory that follow from the settings, beyond what every program needs. */
size_t daemon_locked_len(const struct settings *settings);
qw_err daemon_open(struct daemon *daemon) QW_MUST_USE;
/* Closes all, and leaves what it takes to open it again. */
void daemon_close(struct daemon *daemon);

/* Before any thread starts, so that only the main thread ever takes them. */
void daemon_block_signals(void);

/* Listens and serves until a signal ends it, or seals. */
qw_err daemon_serve(struct daemon *daemon) QW_MUST_USE;

/* Logs a failure; reason NULL: the text of err. Gives err back. */
qw_err daemon_explain(const struct qw_log *log, const char *what, const char *path, qw_err err,
                      const char *reason);
/* The same for the address and port of the settings. */
qw_err daemon_explain_listening(const struct daemon *daemon, qw_err err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_METRICS_TLS_COUNTS_H
#define QWAVED_METRICS_TLS_COUNTS_H

#include "api/http_connection_set.h"

/* Connections that ended before anybody was proved to be at the other end, by listener. */
enum tls_listener {
    TLS_CLIENTS,
    TLS_PARTNERS,
    TLS_STREAMS,
    TLS_PSK,
    TLS_LOGIN,
    TLS_LISTENER_COUNT
};
struct tls_counts {
    struct qw_tls_failures listener[TLS_LISTENER_COUNT];
};

#endif

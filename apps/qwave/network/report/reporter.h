/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_NETWORK_REPORT_REPORTER_H
#define QWAVE_NETWORK_REPORT_REPORTER_H

#include "base/log.h"
#include "network/report/status_round.h"
#include "qkd/network/key_graph.h"

#include <argp.h>

/* Tells a centre how the nodes of a site are, for who looks at its console
 * (docs/protocol/network-view.md): a thread that asks their control sockets twice a second while
 * somebody looks, and the centre once a second whether somebody does. The nodes wait for nothing.
 */
struct reporter_config {
    const char *url; /* of the centre; NULL: there is none to tell */
    const char *certificate, *key, *ca;
};
enum { OPTION_CONSOLE = 0x400, OPTION_CERTIFICATE, OPTION_KEY, OPTION_CA };
#define REPORTER_OPTIONS \
    { "console", \
      OPTION_CONSOLE, \
      "URL", \
      0, \
      "of a centre, https://...: show the network in its console", \
      0 }, \
        { "certificate", OPTION_CERTIFICATE, "FILE", 0, "for that: of a device of kind node", 0 }, \
        { "key", OPTION_KEY, "FILE", 0, "for that: of the certificate", 0 }, \
    { \
        "ca", OPTION_CA, "FILE", 0, "for that: authority of the centre", 0 \
    }
/* ARGP_ERR_UNKNOWN for other options. At the end it complains when some are missing. */
error_t reporter_option(struct reporter_config *config, int key, char *value,
                        struct argp_state *state);

struct reporter;
/* ask [count]: nodes in increasing order; taken over, freed by _free. The others are borrowed.
 * QW_ERR_SPACE: the topology is too large to be shown; QW_ERR_NOMEM, and those of
 * qw_http_client_new. On an error ask is the caller's. */
qw_err reporter_new(const struct reporter_config *config, const struct qw_topology *topology,
                    const struct qw_key_graph *graph, struct status_ask *ask, size_t count,
                    const struct qw_log *log, struct reporter **reporter) QW_MUST_USE;
void reporter_free(struct reporter *reporter); /* NULL is fine */

#endif

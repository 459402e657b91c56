/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LINK_AGENT_H
#define QWAVE_LINK_AGENT_H

#include "base/error.h"
#include "base/log.h"
#include "link/report.h"
#include "settings.h"
#include "vault.h"

/* All links of this host: workers that do what is due, a listener for the peers' agents. */
struct agent;

/* Everything is borrowed for the agent's life. The log says what fails. *port: where it listens. */
qw_err agent_new(const struct settings *settings, const struct vault *vault,
                 const struct qw_log *log, struct agent **agent, uint16_t *port) QW_MUST_USE;
/* Ends when running exchanges have ended; keys in use go on. NULL is fine. */
void agent_free(struct agent *agent);

/* A new key for a link, by "PEER" or "PEER/LINK"; QW_ERR_NOT_FOUND. Any thread. */
qw_err agent_rotate(struct agent *agent, const char *name) QW_MUST_USE;

/* The state of all links, as qw_link_report writes it. Any thread; waits for no exchange. */
qw_err agent_report(struct agent *agent, enum qw_link_report_form form, char *out, size_t cap,
                    size_t *len) QW_MUST_USE;

#endif

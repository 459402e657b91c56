/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_SEALED_H
#define QWAVED_SEALED_H

#include "base/log.h"
#include "centre/seal/seal.h"
#include "metrics/tls_counts.h"
#include "settings.h"

/* Serves a sealed centre until a quorum has opened it, with its own hold on the database, given
 * back before it returns [docs/protocol/ceremony.md C1].
 * SIGTERM and SIGINT end it, SIGUSR1 is its own; all three are blocked in every thread.
 *   listener that listens on port; borrowed: the open centre goes on with it
 *   failures of handshakes, counted up
 *   custody  with the master key, closed by the caller; quorum: whose shares it took
 * QW_ERR_CLOSED: told to end. Others are in the log. */
qw_err sealed_wait(const struct settings *settings, const struct qw_log *log, int listener,
                   uint16_t port, struct tls_counts *failures, struct qw_custody *custody,
                   struct qw_seal_state *quorum) QW_MUST_USE;

#endif

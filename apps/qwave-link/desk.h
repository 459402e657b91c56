/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LINK_DESK_H
#define QWAVE_LINK_DESK_H

#include "agent.h"
#include "base/error.h"
#include "base/log.h"

#include <stdatomic.h>

/* What an operator asks on this host, over a Unix socket of mode 0600: "status text", "status
 * json", "status prometheus", "rotate NAME", one message each way [docs/design/link.md]. */

/* Serves until *stop is true. */
void desk_serve(int listener, struct agent *agent, const atomic_bool *stop);

/* The operator's side: asks at the socket and prints what is said, on standard output or, when it
 * is a refusal, on standard error. Returns an exit status. */
int desk_ask(const char *socket, const char *question);

#endif

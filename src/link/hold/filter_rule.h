/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_HOLD_FILTER_RULE_H
#define QW_LINK_HOLD_FILTER_RULE_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* The rule of iptables (ip6tables) that sends what goes to a network into a queue of the packet
 * filter; a queue that nobody reads lets it pass. */

/* An address, or one with a length behind a slash, of either family. */
bool qw_filter_network_ok(const char *network);
/* QW_ERR_UNAVAILABLE: no iptables, or it refused. */
qw_err qw_filter_rule_insert(const char *network, uint16_t queue) QW_MUST_USE;
/* All there are. */
void qw_filter_rule_delete(const char *network, uint16_t queue);

#endif

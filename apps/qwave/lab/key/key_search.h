/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVE_LAB_KEY_KEY_SEARCH_H
#define QWAVE_LAB_KEY_KEY_SEARCH_H

#include "lab/key/key_plan.h"

#include <stdint.h>

/* The plan with the largest share of the capacity, by trial: a hundred keys that do not count with
 * each of the best plans of the few numbers of probes that can do. probes: the only number; 0: any.
 * QW_ERR_REFUSED: no number up to KEY_PROBES_MAX can do; QW_ERR_ARG: no plan has that many probes;
 * QW_ERR_NOMEM. */
qw_err key_search(const struct key_channel *channel, unsigned check_bits, size_t probes,
                  uint64_t seed, struct key_plan *plan) QW_MUST_USE;

#endif

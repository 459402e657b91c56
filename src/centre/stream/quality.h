/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_CENTRE_STREAM_QUALITY_H
#define QW_CENTRE_STREAM_QUALITY_H

#include "api/etsi004/open_connect.h"

#include <stdbool.h>

/* Which quality of a stream can be had [docs/protocol/etsi004.md O3, O4]. */
enum { QW_STREAM_TTL_S_MAX = 86400, QW_STREAM_TIMEOUT_MS_MAX = 60000 };

/* Turns what a first opener asks into the nearest that can be had. False: that is something else.
 */
bool qw_stream_quality_settle(struct qw_etsi004_qos *qos) QW_MUST_USE;

/* What a second opener, or one that comes back, can have of the stream. False: he asked for
 * something else. The stream's max rate becomes the offer's when he accepts. */
bool qw_stream_quality_join(const struct qw_etsi004_qos *stream, const struct qw_etsi004_qos *asked,
                            struct qw_etsi004_qos *offer) QW_MUST_USE;

#endif

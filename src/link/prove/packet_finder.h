/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_LINK_PROVE_PACKET_FINDER_H
#define QW_LINK_PROVE_PACKET_FINDER_H

#include "base/error.h"
#include "link/prove/packet.h"

/* Finds ESP and IKE in a capture, IP fragments put together. */
struct qw_packet_finder; /* of one capture; one thread at a time */

/* Copies ports. QW_ERR_NOMEM. */
qw_err qw_packet_finder_new(const struct qw_packet_ports *ports,
                            struct qw_packet_finder **out) QW_MUST_USE;

/* NULL is fine. */
void qw_packet_finder_free(struct qw_packet_finder *finder);

/* The next packet of the capture: len is what was captured of it. Borrowed until the next call of
 * this, for what qw_packet_finder_next gives. QW_ERR_FORMAT for a link type that is not known. */
qw_err qw_packet_finder_give(struct qw_packet_finder *finder, uint32_t link_type,
                             const uint8_t *data, size_t len) QW_MUST_USE;

/* What has been found since; false when there is no more: a fragment is nothing yet. */
bool qw_packet_finder_next(struct qw_packet_finder *finder, struct qw_packet *out);

/* The capture has ended: the next packet of which fragments are missing, without data; false when
 * there is none. */
bool qw_packet_finder_rest(struct qw_packet_finder *finder, struct qw_packet *out);

#endif

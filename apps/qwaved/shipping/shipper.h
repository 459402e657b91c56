/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QWAVED_SHIPPING_SHIPPER_H
#define QWAVED_SHIPPING_SHIPPER_H

#include "base/log.h"
#include "centre/centre.h"
#include "store/high_mark.h"

#include <stdbool.h>
#include <stdint.h>

/* Sends the journal to a collector of syslog, from the journal itself, in a thread of its own: what
 * the collector has not had is still there, so nothing is lost while it is away, and nobody waits
 * for it [docs/adr/0088]. How far it has come stands in a file. */
struct shipper;

struct shipper_config {
    struct qw_centre *centre; /* borrowed */
    const struct qw_log *log; /* borrowed */
    const char *address;      /* shipping/sink.h */
    const char *cursor;       /* file, made when absent */
};
/* QW_ERR_FORMAT: address, or the file is none of ours; QW_ERR_IO, QW_ERR_NOMEM. */
qw_err shipper_start(const struct shipper_config *config, struct shipper **shipper) QW_MUST_USE;
/* Whether shipper_start and _redirect take it. */
bool shipper_knows_address(const char *address);
/* Sends to another collector from the next round on, what the former has not had and a little
 * before it. The same address: nothing. address is one that it knows. Any thread. */
void shipper_redirect(struct shipper *shipper, const char *address);
/* Ends the thread, after what it is sending; NULL is fine. */
void shipper_stop(struct shipper *shipper);

struct shipper_state {
    uint64_t shipped_seq; /* of the last record that the collector was sent, durably noted */
    bool is_down;         /* the collector cannot be reached, or the journal not be read */
    bool has_tried;       /* else is_down says nothing yet */
};
struct shipper_state shipper_look(struct shipper *shipper);

#endif

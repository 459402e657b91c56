/* SPDX-License-Identifier: Apache-2.0 */
#include "link/prove/packet_finder.h"

#include "link/prove/reassembly.h"

#include <stdlib.h>

enum { WAITING_MAX = 2 }; /* out of one packet come one that is given up for it, and itself */

struct qw_packet_finder {
    struct qw_packet_ports ports;
    struct qw_reassembly *reassembly; /* owned */
    struct qw_packet waiting[WAITING_MAX];
    size_t waiting_count;
};

qw_err qw_packet_finder_new(const struct qw_packet_ports *ports, struct qw_packet_finder **out)
{
    struct qw_packet_finder *finder = calloc(1, sizeof *finder);

    if (finder == NULL || qw_reassembly_new(&finder->reassembly) != QW_OK) {
        qw_packet_finder_free(finder);
        return QW_ERR_NOMEM;
    }
    finder->ports = *ports;
    *out = finder;
    return QW_OK;
}

void qw_packet_finder_free(struct qw_packet_finder *finder)
{
    if (finder != NULL) {
        qw_reassembly_free(finder->reassembly);
        free(finder);
    }
}

bool qw_packet_finder_rest(struct qw_packet_finder *finder, struct qw_packet *out)
{
    struct qw_ip_packet ip;
    struct qw_packet packet;
    size_t later = 0;

    if (!qw_reassembly_drop(finder->reassembly, &ip, &later)) {
        return false;
    }
    packet = qw_packet_of(&ip, &finder->ports);
    packet.data = NULL; /* its place is given to the next one */
    packet.len = 0;
    packet.fragments = packet.kind == QW_PACKET_OTHER ? 0 : later;
    *out = packet;
    return true;
}

static void keep(struct qw_packet_finder *finder, struct qw_packet packet)
{
    qw_assert(finder->waiting_count < WAITING_MAX);
    finder->waiting[finder->waiting_count++] = packet;
}

static void give_fragment(struct qw_packet_finder *finder, const struct qw_ip_packet *ip)
{
    struct qw_ip_packet whole = *ip;
    struct qw_packet rest;
    enum qw_reassembly_result result = qw_reassembly_add(finder->reassembly, ip, &whole);

    if (result == QW_REASSEMBLY_FULL && qw_packet_finder_rest(finder, &rest)) {
        keep(finder, rest);
        result = qw_reassembly_add(finder->reassembly, ip, &whole);
    }
    if (result == QW_REASSEMBLY_WHOLE || result == QW_REASSEMBLY_NONE) {
        keep(finder, qw_packet_of(&whole, &finder->ports));
    }
}

qw_err qw_packet_finder_give(struct qw_packet_finder *finder, uint32_t link_type,
                             const uint8_t *data, size_t len)
{
    struct qw_ip_packet ip;

    if (!qw_ip_packet_knows_link(link_type)) {
        return QW_ERR_FORMAT;
    }
    finder->waiting_count = 0;
    if (!qw_ip_packet_read(link_type, data, len, &ip)) {
        keep(finder, (struct qw_packet){ .kind = QW_PACKET_OTHER });
    } else if (ip.is_fragment) {
        give_fragment(finder, &ip);
    } else {
        keep(finder, qw_packet_of(&ip, &finder->ports));
    }
    return QW_OK;
}

bool qw_packet_finder_next(struct qw_packet_finder *finder, struct qw_packet *out)
{
    if (finder->waiting_count == 0) {
        return false;
    }
    *out = finder->waiting[0];
    finder->waiting[0] = finder->waiting[1];
    finder->waiting_count--;
    return true;
}

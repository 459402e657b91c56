/* SPDX-License-Identifier: Apache-2.0 */
#include "link/prove/reassembly.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_LEN = 8, BLOCKS = (QW_IP_PAYLOAD_MAX + BLOCK_LEN) / BLOCK_LEN };

struct slot {                  /* one packet */
    uint64_t turn;             /* when it was begun, from 1 on; 0: free */
    struct qw_ip_packet first; /* what the fragment that came first said; data is not used */
    uint8_t protocol;          /* of the fragment at the beginning */
    size_t pieces;
    size_t full_len;    /* 0: the last fragment is not there yet */
    size_t end;         /* of what is there */
    size_t block_count; /* of those that are there */
    bool has[BLOCKS];   /* of 8 octets each, the last may be shorter */
    uint8_t data[BLOCKS * BLOCK_LEN];
};

struct qw_reassembly {
    uint64_t turn;
    struct slot slots[QW_REASSEMBLY_PACKETS];
};

qw_err qw_reassembly_new(struct qw_reassembly **out)
{
    struct qw_reassembly *reassembly = calloc(1, sizeof *reassembly);

    if (reassembly == NULL) {
        return QW_ERR_NOMEM;
    }
    *out = reassembly;
    return QW_OK;
}

void qw_reassembly_free(struct qw_reassembly *reassembly)
{
    free(reassembly);
}

/* All of it is public. */
static bool is_same_address(const struct qw_ip_packet *a, const struct qw_ip_packet *b)
{
    for (size_t i = 0; i < sizeof a->addresses; i++) {
        if (a->addresses[i] != b->addresses[i]) {
            return false;
        }
    }
    return true;
}

/* IPv4 tells packets of different protocols apart [RFC 791 3.2], IPv6 does not [RFC 8200 4.5]. */
static bool is_of(const struct slot *slot, const struct qw_ip_packet *fragment)
{
    return slot->turn != 0 && slot->first.version == fragment->version &&
           slot->first.number == fragment->number &&
           (fragment->version == 6 || slot->first.protocol == fragment->protocol) &&
           is_same_address(&slot->first, fragment);
}

/* The slot of the fragment's packet, a free one, or NULL. */
static struct slot *find(struct qw_reassembly *reassembly, const struct qw_ip_packet *fragment)
{
    struct slot *found = NULL;

    for (size_t i = 0; i < QW_REASSEMBLY_PACKETS; i++) {
        struct slot *slot = &reassembly->slots[i];

        if (is_of(slot, fragment)) {
            return slot;
        }
        found = found == NULL && slot->turn == 0 ? slot : found;
    }
    return found;
}

static bool is_shape_of_fragment(const struct qw_ip_packet *fragment)
{
    return fragment->is_fragment && fragment->len == fragment->full_len && fragment->len > 0 &&
           fragment->offset % BLOCK_LEN == 0 &&
           fragment->offset + fragment->len <= QW_IP_PAYLOAD_MAX &&
           (!fragment->has_more || fragment->len % BLOCK_LEN == 0);
}

/* It contradicts nothing that is there. */
static bool fits(const struct slot *slot, const struct qw_ip_packet *fragment)
{
    size_t end = fragment->offset + fragment->len;

    if (fragment->has_more ? slot->full_len != 0 && end > slot->full_len
                           : slot->full_len != 0 || slot->end > end) {
        return false;
    }
    for (size_t at = fragment->offset; at < end; at += BLOCK_LEN) {
        if (slot->has[at / BLOCK_LEN]) {
            return false;
        }
    }
    return true;
}

static void copy(struct slot *slot, const struct qw_ip_packet *fragment)
{
    size_t end = fragment->offset + fragment->len;

    memcpy(slot->data + fragment->offset, fragment->data, fragment->len);
    for (size_t at = fragment->offset; at < end; at += BLOCK_LEN) {
        slot->has[at / BLOCK_LEN] = true;
        slot->block_count++;
    }
    slot->pieces++;
    slot->end = end > slot->end ? end : slot->end;
    slot->full_len = fragment->has_more ? slot->full_len : end;
    slot->protocol = fragment->offset == 0 ? fragment->protocol : slot->protocol;
}

enum qw_reassembly_result qw_reassembly_add(struct qw_reassembly *reassembly,
                                            const struct qw_ip_packet *fragment,
                                            struct qw_ip_packet *whole)
{
    struct slot *slot = is_shape_of_fragment(fragment) ? find(reassembly, fragment) : NULL;

    if (slot == NULL) {
        return is_shape_of_fragment(fragment) ? QW_REASSEMBLY_FULL : QW_REASSEMBLY_NONE;
    }
    if (slot->turn == 0) {
        memset(slot, 0, sizeof *slot);
        slot->turn = ++reassembly->turn;
        slot->first = *fragment;
    } else if (!fits(slot, fragment)) {
        return QW_REASSEMBLY_NONE;
    }
    copy(slot, fragment);
    if (slot->full_len == 0 || slot->block_count != (slot->full_len + BLOCK_LEN - 1) / BLOCK_LEN) {
        return QW_REASSEMBLY_HELD;
    }
    slot->turn = 0;
    *whole = slot->first;
    whole->protocol = slot->protocol;
    whole->is_fragment = whole->has_more = false;
    whole->offset = 0;
    whole->data = slot->data;
    whole->len = whole->full_len = slot->full_len;
    return QW_REASSEMBLY_WHOLE;
}

bool qw_reassembly_drop(struct qw_reassembly *reassembly, struct qw_ip_packet *rest, size_t *later)
{
    struct slot *oldest = NULL;

    for (size_t i = 0; i < QW_REASSEMBLY_PACKETS; i++) {
        struct slot *slot = &reassembly->slots[i];

        oldest = slot->turn != 0 && (oldest == NULL || slot->turn < oldest->turn) ? slot : oldest;
    }
    if (oldest == NULL) {
        return false;
    }
    oldest->turn = 0;
    *rest = oldest->first;
    rest->data = oldest->data;
    rest->len = 0;
    while (rest->len / BLOCK_LEN < BLOCKS && oldest->has[rest->len / BLOCK_LEN]) {
        rest->len += BLOCK_LEN;
    }
    rest->len = rest->len < oldest->end ? rest->len : oldest->end;
    rest->full_len = oldest->end + 1; /* more than there is */
    rest->has_more = true;
    rest->offset = rest->len > 0 ? 0 : BLOCK_LEN;
    rest->protocol = rest->len > 0 ? oldest->protocol : rest->protocol;
    *later = oldest->pieces - (rest->len > 0 ? 1 : 0);
    return true;
}

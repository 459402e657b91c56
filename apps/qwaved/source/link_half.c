/* SPDX-License-Identifier: Apache-2.0 */
#include "source/link_half.h"

#include "qkd/link.h"

#include <stdio.h>
#include <string.h>

static size_t stock_len_of(const struct link_half *half, size_t half_len)
{
    return half_len - (half->pads == NULL ? 0 : link_pads_len_of(half_len));
}

qw_err link_half_open(struct link_half *half, const struct link_half_config *config)
{
    qw_err err = QW_ERR_ARG;

    *half = (struct link_half){ .pads = NULL };
    if (strlen(config->mark_path) < sizeof half->mark_path) {
        (void)snprintf(half->mark_path, sizeof half->mark_path, "%s", config->mark_path);
        err = qw_handover_mark_read(half->mark_path, &half->mark);
    }
    if (err == QW_OK) {
        err = qw_qkd_key_buffer_new(config->buffer_len, config->name, config->is_simulated,
                                    &half->keys);
    }
    if (err == QW_OK) {
        half->source = qw_qkd_key_buffer_source(half->keys);
        err = config->has_pads ? link_pads_new(config->is_simulated, &half->pads) : QW_OK;
    }
    if (err != QW_OK) {
        link_half_close(half);
    }
    return err;
}

void link_half_close(struct link_half *half)
{
    qw_qkd_key_buffer_free(half->keys);
    link_pads_free(half->pads);
    *half = (struct link_half){ .pads = NULL };
}

bool link_half_has_room(const struct link_half *half, size_t key_len)
{
    return qw_qkd_key_buffer_room(half->keys) >= stock_len_of(half, key_len / 2);
}

/* C2, P1 */
qw_err link_half_take(struct link_half *half, const struct qw_handover_key *key, uint8_t end,
                      uint8_t *result)
{
    uint8_t other_end = end == QW_QKD_ALICE ? QW_QKD_BOB : QW_QKD_ALICE;
    size_t len;
    const uint8_t *own = qw_handover_own_half(key, end, &len);
    const uint8_t *theirs = qw_handover_own_half(key, other_end, &len);
    qw_err err;

    if (qw_handover_mark_covers(&half->mark, &key->label)) {
        *result = QW_HANDOVER_TAKEN_BEFORE;
        return QW_OK;
    }
    *result = QW_HANDOVER_NO_ROOM;
    if (half->pads == NULL && !link_half_has_room(half, key->len)) {
        return QW_OK;
    }
    err = qw_handover_mark_set(&half->mark, &key->label);
    if (err == QW_OK && half->pads != NULL) {
        link_pads_put(half->pads, &key->label, own, theirs, len);
    }
    if (err == QW_OK && qw_qkd_key_buffer_push(half->keys, own, stock_len_of(half, len)) == QW_OK) {
        *result = QW_HANDOVER_TAKEN;
    }
    return err;
}
